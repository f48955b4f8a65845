#include "ingress/sessions/sessions.h"

#include <utility>

#include "common/core/check.h"
#include "common/crypto/crypto.h"
#include "common/crypto/hkdf.h"
#include "common/http/server/cookies.h"
#include "common/json/value.h"
#include "common/json/writer.h"

namespace penstock {
namespace {

constexpr std::string_view kAudience = "penstock";
constexpr std::string_view kKeyPurpose = "penstock session token HS256";
constexpr std::size_t kKeyBytes = 32;
constexpr std::string_view kBearer = "Bearer ";
constexpr std::chrono::seconds kClocksDiffer{60};  // among ingresses, at most

std::int64_t unix_seconds(Timestamp at) {
  return std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
}

std::optional<Timestamp> time(json::Value value) {
  const auto seconds = value.integer();
  return seconds ? timestamp_from_unix_seconds(*seconds) : std::nullopt;
}

// What was signed, by whichever of the keys it was.
std::optional<std::string> signed_text(const jose::Token& token, std::span<const jose::Key> keys) {
  for (const jose::Key& key : keys)
    if (auto text = token.verify(key)) return std::move(text).value();
  return std::nullopt;
}

}  // namespace

Sessions::Sessions(SessionOptions options, std::span<const std::string> master_keys, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {
  CHECK(!master_keys.empty());
  for (const std::string& master_key : master_keys) {
    std::string key = crypto::hkdf_sha256(master_key, kKeyPurpose, kKeyBytes);
    keys_.push_back(jose::Key::of_secret(key));
    crypto::cleanse(key);
  }
}

std::string Sessions::issue(std::string_view user, std::string_view account) const {
  const Timestamp now = clock_.now();
  json::Writer claims;
  claims.begin_object();
  claims.key("iss").string(options_.issuer);
  claims.key("aud").string(kAudience);
  claims.key("sub").string(user);
  claims.key("account").string(account);
  claims.key("iat").integer(unix_seconds(now));
  claims.key("exp").integer(unix_seconds(now + options_.ttl));
  claims.end_object();
  return jose::sign(keys_.front(), claims.text());
}

std::variant<Session, SessionError> Sessions::verify(std::string_view text) const {
  const auto token = jose::Token::parse(text);
  if (!token) return SessionError::malformed;
  if (token.value().algorithm() != jose::Algorithm::HS256) return SessionError::wrong_algorithm;
  const auto claims_text = signed_text(token.value(), keys_);
  if (!claims_text) return SessionError::forged;

  const auto document = json::Document::parse(*claims_text);
  if (!document) return SessionError::malformed;
  const auto claims = document.value().root();
  const auto user = claims["sub"].string();
  const auto account = claims["account"].string();
  const auto issued_at = time(claims["iat"]);
  const auto expires_at = time(claims["exp"]);
  if (!user || user->empty() || !account || account->empty() || !issued_at || !expires_at)
    return SessionError::malformed;
  if (claims["iss"].string() != options_.issuer) return SessionError::wrong_issuer;
  if (claims["aud"].string() != kAudience) return SessionError::wrong_audience;
  const Timestamp now = clock_.now();
  if (*issued_at > now + kClocksDiffer) return SessionError::not_yet_valid;
  if (*expires_at <= now) return SessionError::expired;
  return Session{std::string(*user), std::string(*account), *expires_at};
}

std::optional<std::string_view> session_token(const http::RequestHead& head) noexcept {
  const auto authorization = head.field("Authorization");
  if (!authorization) return http::cookie(head, kSessionCookie);
  if (!http::equal_ignoring_case(authorization->substr(0, kBearer.size()), kBearer)) return std::nullopt;
  return authorization->substr(kBearer.size());
}

}  // namespace penstock
