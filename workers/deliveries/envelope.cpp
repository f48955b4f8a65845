#include "workers/deliveries/envelope.h"

#include <algorithm>

#include "common/core/check.h"
#include "common/crypto/crypto.h"
#include "common/crypto/webhook_secret.h"
#include "common/json/writer.h"

namespace penstock {
namespace {

std::string x_signature(std::string_view secret, std::string_view body) {
  return crypto::to_hex(crypto::hmac_sha256(secret, {body}));
}

std::string v1_signature(std::string_view secret, std::initializer_list<std::string_view> parts) {
  const auto keys = crypto::standard_webhooks_keys(secret);
  const auto code = crypto::hmac_sha256(keys.empty() ? secret : std::string_view(keys.front()), parts);
  return "v1," + crypto::to_base64({reinterpret_cast<const char*>(code.data()), code.size()});
}

}  // namespace

std::string_view envelope_id(std::string_view outbox_id) noexcept {
  return outbox_id.substr(outbox_id.find(':') + 1);  // the whole of it where there is none
}

std::string envelope(const OutboxRow& event, Timestamp created_at) {
  json::Writer out;
  out.begin_object().key("id").string(envelope_id(event.id)).key("type").string(event.type);
  out.key("timestamp").string(to_rfc3339(event.happened_at.value_or(created_at)));
  out.key("data").raw(event.data).end_object();
  return std::move(out).text();
}

HttpFields signed_fields(std::string_view id, std::string_view body, std::span<const std::string> secrets,
                         Timestamp now) {
  CHECK(!secrets.empty());
  const auto timestamp =
      std::to_string(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  std::string signatures;
  for (const auto& secret : secrets)
    signatures.append(signatures.empty() ? "" : " ")
        .append(v1_signature(secret, {id, ".", timestamp, ".", body}));
  HttpFields fields = {{"Content-Type", "application/json"},
                       {"webhook-id", std::string(id)},
                       {"webhook-timestamp", timestamp},
                       {"webhook-signature", std::move(signatures)},
                       {"X-Signature", x_signature(secrets[0], body)}};
  if (secrets.size() > 1) fields.emplace_back("X-Signature-Previous", x_signature(secrets[1], body));
  return fields;
}

OutgoingRequest request_to(const std::string& url, const HttpFields& fields, const std::string& body,
                           Milliseconds timeout) {
  OutgoingRequest request;
  request.url = url;
  request.headers = fields;
  request.body = body;
  request.cleartext_allowed = true;
  SendDeadlines& deadlines = request.deadlines;
  deadlines = {std::min(deadlines.resolve, timeout), std::min(deadlines.connect, timeout), timeout, timeout};
  return request;
}

}  // namespace penstock
