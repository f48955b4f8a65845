#include "deploy/standalone/send/signing.h"

#include <algorithm>
#include <array>

#include "common/core/check.h"
#include "common/crypto/crypto.h"
#include "common/crypto/webhook_secret.h"

namespace penstock::send {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string seconds(Timestamp at) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
}

std::string hex_code(std::string_view key, std::initializer_list<std::string_view> parts) {
  return crypto::to_hex(crypto::hmac_sha256(key, parts));
}

std::string base64_code(std::string_view key, std::initializer_list<std::string_view> parts) {
  const auto code = crypto::hmac_sha256(key, parts);
  return crypto::to_base64({reinterpret_cast<const char*>(code.data()), code.size()});
}

// The same whenever the same is sent. An id that no header can carry is not taken.
std::string message_id(const Message& message) {
  const auto graphic = [](char c) { return c > ' ' && c < 0x7f; };
  if (!message.event.empty() && std::all_of(message.event.begin(), message.event.end(), graphic))
    return std::string(message.event);
  return "msg_" + crypto::to_hex(crypto::sha256(message.body)).substr(0, 24);
}

Fields x_signature(std::string_view secret, const Message& message) {
  return {{"X-Signature", hex_code(secret, {message.body})}};
}

Fields standard_webhooks(std::string_view secret, const Message& message) {
  const auto keys = crypto::standard_webhooks_keys(secret);
  CHECK(!keys.empty());
  const auto id = message_id(message);
  const auto timestamp = seconds(message.at);
  return {{"webhook-id", id},
          {"webhook-timestamp", timestamp},
          {"webhook-signature", "v1," + base64_code(keys.front(), {id, ".", timestamp, ".", message.body})}};
}

Fields stripe(std::string_view secret, const Message& message) {
  const auto t = seconds(message.at);
  return {{"Stripe-Signature", "t=" + t + ",v1=" + hex_code(secret, {t, ".", message.body})}};
}

Fields github(std::string_view secret, const Message& message) {
  return {{"X-Hub-Signature-256", "sha256=" + hex_code(secret, {message.body})}};
}

Fields shopify(std::string_view secret, const Message& message) {
  return {{"X-Shopify-Hmac-Sha256", base64_code(secret, {message.body})}};
}

struct Signer {
  std::string_view scheme;
  Fields (*sign)(std::string_view secret, const Message& message);
};
constexpr std::array<Signer, 5> kSigners{{{"x-signature", &x_signature},
                                          {"standard-webhooks", &standard_webhooks},
                                          {"stripe", &stripe},
                                          {"github", &github},
                                          {"shopify", &shopify}}};

}  // namespace

Fields sign(std::string_view scheme, std::string_view secret, const Message& message) {
  const auto signer = std::find_if(kSigners.begin(), kSigners.end(),
                                   [&](const Signer& each) { return each.scheme == scheme; });
  CHECK(signer != kSigners.end());
  return signer->sign(secret, message);
}

}  // namespace penstock::send
