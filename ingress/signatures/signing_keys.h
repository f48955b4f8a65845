// The keys of one scheme object.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/crypto/crypto.h"

namespace penstock {

// Any of them may have signed. Immutable, so any thread may use it; never blocks. Keys that are kept as bytes are
// overwritten in memory when it goes.
class SigningKeys {
 public:
  // How a key waits for the next request.
  enum class Kept : std::uint8_t {
    keyed,  // as crypto::HmacSha256, 1 KB and more: the fastest, for the few that most requests are signed with
    bytes,  // as its bytes, for hundreds of thousands of them: about 80 bytes each
  };

  // Empty keys, with which anyone could sign, are left out.
  SigningKeys(std::vector<std::string> keys, Kept kept);
  ~SigningKeys();
  SigningKeys(const SigningKeys&) = delete;
  SigningKeys& operator=(const SigningKeys&) = delete;

  bool empty() const noexcept { return keyed_.empty() && bytes_.empty(); }

  // Whether `matches` holds for the HMAC-SHA256 of the concatenated parts under any key. Every key is tried, whatever
  // the ones before it said, so the time tells nothing of which one it was.
  template <class Matches>
  bool any_code(std::initializer_list<std::string_view> parts, Matches matches) const {
    bool found = false;
    for (const auto& key : keyed_) found |= matches(key->mac(parts));
    for (const auto& key : bytes_) found |= matches(crypto::hmac_sha256(key, parts));
    return found;
  }

 private:
  std::vector<std::unique_ptr<const crypto::HmacSha256>> keyed_;  // one of the two is empty
  std::vector<std::string> bytes_;
};

}  // namespace penstock
