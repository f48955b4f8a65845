#include "common/crypto/webhook_secret.h"

#include "common/crypto/crypto.h"

namespace penstock::crypto {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";

}  // namespace

std::vector<std::string> standard_webhooks_keys(std::string_view secret) {
  const bool prefixed = secret.starts_with(kSecretPrefix);
  auto decoded = from_base64(prefixed ? secret.substr(kSecretPrefix.size()) : secret);
  std::vector<std::string> keys;
  if (!prefixed) keys.emplace_back(secret);
  if (decoded) keys.push_back(*std::move(decoded));
  std::erase(keys, "");
  return keys;
}

}  // namespace penstock::crypto
