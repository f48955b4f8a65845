#include "ingress/signatures/schemes.h"

#include <algorithm>
#include <array>

#include "common/crypto/webhook_secret.h"
#include "ingress/signatures/github_signature.h"
#include "ingress/signatures/shopify_signature.h"
#include "ingress/signatures/standard_webhooks.h"
#include "ingress/signatures/stripe_signature.h"
#include "ingress/signatures/x_signature.h"

namespace penstock {
namespace {

using Secrets = std::span<const std::string>;
using Tolerance = std::optional<std::chrono::seconds>;
using SchemePtr = std::unique_ptr<const SignatureScheme>;

constexpr std::size_t kSecretBytesMax = 512;

Error refuse(std::string why) { return {ErrorCode::invalid, std::move(why)}; }

Status any_text(std::string_view) { return ok(); }

Status standard_webhooks_secret(std::string_view secret) {
  if (crypto::standard_webhooks_keys(secret).empty())
    return refuse("begins with whsec_, but what follows is no padded base64 of a key");
  return ok();
}

struct Scheme {
  std::string_view name;
  SchemePtr (*make)(Secrets, Tolerance);
  Status (*check_secret)(std::string_view secret);  // what is neither empty nor too long
};

constexpr std::array<Scheme, 5> kSchemes{
    {{"x-signature", [](Secrets secrets, Tolerance) { return x_signature(secrets); }, &any_text},
     {"standard-webhooks",
      [](Secrets secrets, Tolerance tolerance) -> SchemePtr {
        return std::make_unique<StandardWebhooksSignature>(secrets, tolerance);
      },
      &standard_webhooks_secret},
     {"stripe",
      [](Secrets secrets, Tolerance tolerance) -> SchemePtr {
        return std::make_unique<StripeSignature>(secrets, tolerance, SigningKeys::Kept::bytes);
      },
      &any_text},
     {"github", [](Secrets secrets, Tolerance) { return github_signature(secrets); }, &any_text},
     {"shopify", [](Secrets secrets, Tolerance) { return shopify_signature(secrets); }, &any_text}}};

Result<const Scheme*> find_scheme(std::string_view name) {
  const auto found =
      std::find_if(kSchemes.begin(), kSchemes.end(), [&](const Scheme& each) { return each.name == name; });
  if (found != kSchemes.end()) return &*found;
  std::string all;
  for (const auto& each : kSchemes) all.append(all.empty() ? "" : ", ").append(each.name);
  return refuse("is not one of " + all);
}

}  // namespace

std::vector<std::string_view> scheme_names() {
  std::vector<std::string_view> names;
  for (const auto& each : kSchemes) names.push_back(each.name);
  return names;
}

Result<SchemePtr> make_scheme(std::string_view name, Secrets secrets, Tolerance tolerance) {
  TRY(const auto* scheme, find_scheme(name));
  return scheme->make(secrets, tolerance);
}

Status check_scheme_secret(std::string_view scheme, std::string_view secret) {
  TRY(const auto* found, find_scheme(scheme));
  if (secret.empty()) return refuse("is empty; anyone could sign with it");
  if (secret.size() > kSecretBytesMax)
    return refuse("is longer than " + std::to_string(kSecretBytesMax) + " characters");
  return found->check_secret(secret);
}

}  // namespace penstock
