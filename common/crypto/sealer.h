// Secrets at rest: sealed under a ring of master keys, so that what stores and carries them need not be trusted.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.h"

namespace penstock::crypto {

// Seals with the first key of its ring, and opens with any: to change the key, the new one is put in front, what is
// sealed under another is sealed anew, and the old one is dropped.
//
// A sealed text is printable and says under which key it is: "v1.<key id>.<base64 of nonce, ciphertext and tag>".
// AES-256-GCM (NIST SP 800-38D) with a nonce of 96 random bits each time, for which a key is good for 2^32 texts; what
// stands before the ciphertext and the context are authenticated with it. The key id, 8 hexadecimal digits, follows from
// the key alone, so all processes call it the same.
//
// Immutable, so any thread may use it; never blocks. Keys are overwritten in its memory when it goes.
class Sealer {
 public:
  // Each key has just 32 bytes, and there is at least one: aborts otherwise, since the settings have been checked.
  explicit Sealer(std::span<const std::string> keys);

  // Opens again with just this `context`: name there what the text is for, such as the setting's key and field, and it
  // is of no use in another place. Both may have up to 256 MiB.
  std::string seal(std::string_view plain, std::string_view context) const;

  // What was sealed. Errors, none of which quotes anything: not_found when it is under a key that the ring does not
  // have, and names the key's id; corrupt when it is no sealed text, damaged, or was sealed for another context.
  Result<std::string> open(std::string_view sealed, std::string_view context) const;

  // Whether sealing it anew would change its key, going by what it says: it is not opened.
  bool is_sealed_by_first(std::string_view sealed) const noexcept;

  // The id of the key that seals.
  std::string_view first_key_id() const noexcept;

 private:
  struct Key {
    explicit Key(std::string_view bytes);
    ~Key();
    Key(const Key&) = default;
    Key& operator=(const Key&) = default;

    std::array<char, 8> id;
    std::array<unsigned char, 32> bytes;
  };

  std::vector<Key> keys_;
};

}  // namespace penstock::crypto
