#include "ingress/identity_providers/id_token.h"

#include <chrono>
#include <optional>

#include "common/crypto/crypto.h"
#include "common/json/value.h"
#include "ingress/identity_providers/provider_client.h"

namespace penstock {
namespace {

constexpr std::chrono::seconds kClocksDiffer{60};
constexpr json::Limits kClaimLimits{.depth_max = 16, .values_max = 1'000};

ProviderFailure reject(std::string why) {
  return {ProviderError::token_rejected, "id_token: " + std::move(why)};
}

std::optional<Timestamp> time(json::Value value) {
  const auto seconds = value.integer();
  return seconds ? timestamp_from_unix_seconds(*seconds) : std::nullopt;
}

// For us among others it must have been made for us.
bool is_for(json::Value claims, std::string_view client_id) {
  const auto audience = claims["aud"];
  const auto party = claims["azp"];
  if (!party.missing() && party.string() != client_id) return false;
  if (audience.is_string()) return audience.string() == client_id;
  if (audience.size() > 1 && party.missing()) return false;
  for (auto each = audience.first(); !each.absent(); each = audience.next(each))
    if (each.string() == client_id) return true;
  return false;
}

std::optional<std::string> wrong_time(json::Value claims, Timestamp now) {
  const auto expires_at = time(claims["exp"]);
  const auto issued_at = time(claims["iat"]);
  if (!expires_at || !issued_at) return "without exp or iat";
  if (*expires_at + kClocksDiffer <= now) return "expired";
  if (*issued_at > now + kClocksDiffer) return "of a time to come";
  const auto not_before = time(claims["nbf"]);
  if (not_before && *not_before > now + kClocksDiffer) return "not valid yet";
  return std::nullopt;
}

ProviderResult<ProviderIdentity> judge_claims(json::Value claims, const IdTokenExpectations& expected) {
  if (claims["iss"].string() != expected.issuer) return reject("of another issuer");
  if (!is_for(claims, expected.client_id)) return reject("for somebody else");
  if (auto why = wrong_time(claims, expected.now)) return reject(*std::move(why));
  if (!crypto::constant_time_equal(claims["nonce"].string().value_or(""), expected.nonce))
    return reject("of another sign-in: its nonce is not ours");
  const auto subject = short_text(claims, "sub");
  if (!subject) return reject("without a subject");
  ProviderIdentity identity{*subject, std::nullopt, std::nullopt};
  take_profile(identity, claims);
  return identity;
}

}  // namespace

ProviderResult<jose::Token> parse_id_token(std::string_view text) {
  auto token = jose::Token::parse(text);
  if (!token) return reject(token.error().detail);
  const auto algorithm = token.value().algorithm();
  if (!algorithm || *algorithm == jose::Algorithm::HS256) return reject("by an algorithm that is not taken");
  return std::move(token).value();
}

ProviderResult<ProviderIdentity> verify_id_token(const jose::Token& token, std::span<const jose::Key> keys,
                                                 const IdTokenExpectations& expected) {
  for (const jose::Key& key : keys) {
    const auto payload = token.verify(key);
    if (!payload) continue;
    const auto claims = json::Document::parse(payload.value(), kClaimLimits);
    if (!claims) return reject("no JSON");
    return judge_claims(claims.value().root(), expected);
  }
  return reject(keys.empty() ? "by a key that the provider does not have"
                             : "not signed with the provider's key");
}

void take_profile(ProviderIdentity& identity, json::Value claims) {
  if (claims["email_verified"].boolean() != false && !identity.email)
    identity.email = short_text(claims, "email");
  if (!identity.name) identity.name = short_text(claims, "name");
}

}  // namespace penstock
