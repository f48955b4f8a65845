#include "common/jose/jose.h"

#include <cjose/cjose.h>

#include <algorithm>
#include <utility>

#include "common/core/check.h"
#include "common/crypto/crypto.h"
#include "common/json/value.h"

namespace penstock::jose {
namespace {

constexpr std::size_t kSecretBytesMin = 32;
constexpr std::size_t kRsaBitsMin = 2048;
constexpr json::Limits kHeaderLimits{.depth_max = 8, .values_max = 100};

struct FreeHeader {
  void operator()(cjose_header_t* header) const noexcept { cjose_header_release(header); }
};

Error refuse(std::string why) { return {ErrorCode::invalid, std::move(why)}; }

const std::uint8_t* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

bool is_public_kind(const cjose_jwk_t* key) {
  cjose_err ignored;
  switch (cjose_jwk_get_kty(key, &ignored)) {
    case CJOSE_JWK_KTY_RSA:
      return cjose_jwk_get_keysize(key, &ignored) >= kRsaBitsMin;
    case CJOSE_JWK_KTY_EC:
      return true;
    case CJOSE_JWK_KTY_OCT:
      return false;
  }
  return false;
}

}  // namespace

struct Key::Imported {
  explicit Imported(cjose_jwk_t* imported) noexcept : jwk(imported) {}
  ~Imported() { cjose_jwk_release(jwk); }
  Imported(const Imported&) = delete;
  Imported& operator=(const Imported&) = delete;

  cjose_jwk_t* const jwk;
};

struct Token::Imported {
  explicit Imported(cjose_jws_t* imported) noexcept : jws(imported) {}
  ~Imported() { cjose_jws_release(jws); }
  Imported(const Imported&) = delete;
  Imported& operator=(const Imported&) = delete;

  cjose_jws_t* const jws;
};

Key::Key(std::shared_ptr<const Imported> key) noexcept : key_(std::move(key)) {}

Key Key::of_secret(std::string_view bytes) {
  CHECK(bytes.size() >= kSecretBytesMin);
  cjose_err ignored;
  cjose_jwk_t* const key = cjose_jwk_create_oct_spec(bytes_of(bytes), bytes.size(), &ignored);
  CHECK(key != nullptr);
  return Key(std::make_shared<const Imported>(key));
}

Result<Key> Key::of_jwk(std::string_view json) {
  cjose_err ignored;
  cjose_jwk_t* const key = cjose_jwk_import(json.data(), json.size(), &ignored);
  if (key == nullptr) return refuse("no key of RSA, P-256, P-384 or P-521");
  auto imported = std::make_shared<const Imported>(key);
  if (!is_public_kind(key)) return refuse("a shared secret, or RSA of less than 2048 bits");
  return Key(std::move(imported));
}

bool Key::fits(Algorithm algorithm) const noexcept {
  cjose_err ignored;
  const auto kind = cjose_jwk_get_kty(key_->jwk, &ignored);
  const auto is_curve = [&](cjose_jwk_ec_curve curve) {
    return kind == CJOSE_JWK_KTY_EC && cjose_jwk_EC_get_curve(key_->jwk, &ignored) == curve;
  };
  switch (algorithm) {
    case Algorithm::HS256:
      return kind == CJOSE_JWK_KTY_OCT;
    case Algorithm::RS256:
    case Algorithm::RS384:
    case Algorithm::RS512:
    case Algorithm::PS256:
    case Algorithm::PS384:
    case Algorithm::PS512:
      return kind == CJOSE_JWK_KTY_RSA;
    case Algorithm::ES256:
      return is_curve(CJOSE_JWK_EC_P_256);
    case Algorithm::ES384:
      return is_curve(CJOSE_JWK_EC_P_384);
    case Algorithm::ES512:
      return is_curve(CJOSE_JWK_EC_P_521);
  }
  return false;
}

std::string sign(const Key& key, std::string_view payload) {
  CHECK(key.fits(Algorithm::HS256));
  cjose_err ignored;
  const std::unique_ptr<cjose_header_t, FreeHeader> header(cjose_header_new(&ignored));
  CHECK(header != nullptr && cjose_header_set(header.get(), CJOSE_HDR_ALG, CJOSE_HDR_ALG_HS256, &ignored) &&
        cjose_header_set(header.get(), "typ", "JWT", &ignored));
  const std::unique_ptr<cjose_jws_t, decltype(&cjose_jws_release)> token(
      cjose_jws_sign(key.key_->jwk, header.get(), bytes_of(payload), payload.size(), &ignored),
      &cjose_jws_release);
  const char* text = nullptr;  // the token's own
  CHECK(token != nullptr && cjose_jws_export(token.get(), &text, &ignored));
  return text;
}

void Token::Free::operator()(Imported* token) const noexcept { delete token; }

Result<Token> Token::parse(std::string_view text) {
  if (text.size() > kTokenBytesMax) return refuse("larger than 16 KiB");
  if (std::count(text.begin(), text.end(), '.') != 2) return refuse("not of three parts");
  const auto header_text = crypto::from_base64url(text.substr(0, text.find('.')));
  // cjose passes over bits of the last digit that no encoder sets: a token has one spelling here.
  const auto signature = crypto::from_base64url(text.substr(text.rfind('.') + 1));
  if (!header_text || !signature) return refuse("with a part that is not base64url");
  TRY(const auto document, json::Document::parse(*header_text, kHeaderLimits));
  const auto header = document.root();
  if (!header["crit"].absent()) return refuse("with an extension that is not known");
  Token token;
  token.key_id_ = header["kid"].string().value_or("");
  Algorithm algorithm{};
  if (!from_string(header["alg"].string().value_or(""), algorithm)) return token;
  cjose_err ignored;
  token.algorithm_ = algorithm;
  cjose_jws_t* const jws = cjose_jws_import(text.data(), text.size(), &ignored);
  if (jws == nullptr) return refuse("not a signed token");
  token.token_.reset(new Imported(jws));
  return token;
}

Result<std::string> Token::verify(const Key& key) const {
  cjose_err ignored;
  if (!algorithm_ || !key.fits(*algorithm_)) return refuse("the key is not for that algorithm");
  if (!cjose_jws_verify(token_->jws, key.key_->jwk, &ignored)) return refuse("not signed with that key");
  std::uint8_t* payload = nullptr;  // the token's own
  std::size_t bytes = 0;
  if (!cjose_jws_get_plaintext(token_->jws, &payload, &bytes, &ignored)) return refuse("without a payload");
  return std::string(reinterpret_cast<const char*>(payload), bytes);
}

}  // namespace penstock::jose
