// Signed tokens (RFC 7515, JWS in its compact form) and the keys that sign them (RFC 7517). libcjose stays behind this
// header.
//
// What a token says of itself is never believed: who verifies names the key, and asks algorithm() first whether it is
// one that this key is for.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/describe.h"
#include "common/core/result.h"

namespace penstock::jose {

// Those that are known here, by their name on the wire (RFC 7518): "none" is not among them.
BOOST_DEFINE_ENUM_CLASS(Algorithm, HS256, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512)

inline constexpr std::size_t kTokenBytesMax = 16 * 1024;

// Immutable and shared by its copies; any thread may use it. What a secret one holds is overwritten with the last.
class Key {
 public:
  // For HS256: 32 bytes or more, aborts otherwise.
  static Key of_secret(std::string_view bytes);
  // A public key: RSA of 2048 bits or more, or one on P-256, P-384 or P-521. Errors: invalid, also for one that a
  // secret is made of.
  static Result<Key> of_jwk(std::string_view json);

  // Whether it is of the kind that the algorithm wants.
  bool fits(Algorithm algorithm) const noexcept;

 private:
  friend class Token;
  friend std::string sign(const Key& key, std::string_view payload);
  struct Imported;
  explicit Key(std::shared_ptr<const Imported> key) noexcept;

  std::shared_ptr<const Imported> key_;
};

// By HS256, with the type "JWT". The key is one of_secret().
std::string sign(const Key& key, std::string_view payload);

// A token as it came. Not for several threads at once.
class Token {
 public:
  // Errors: invalid, for what is no JWS in compact form, is larger than kTokenBytesMax, or has an extension that must be
  // understood ("crit").
  static Result<Token> parse(std::string_view text);

  // nullopt: one that is not known here, and which no key verifies.
  std::optional<Algorithm> algorithm() const noexcept { return algorithm_; }
  // What it says of its key; empty when it says nothing.
  const std::string& key_id() const noexcept { return key_id_; }

  // What was signed with that key, byte for byte. Errors: invalid, when it was not, or the key does not fit.
  Result<std::string> verify(const Key& key) const;

 private:
  struct Imported;
  struct Free {
    void operator()(Imported* token) const noexcept;
  };
  Token() = default;

  std::unique_ptr<Imported, Free> token_;  // none of an algorithm that is not known
  std::optional<Algorithm> algorithm_;
  std::string key_id_;
};

}  // namespace penstock::jose
