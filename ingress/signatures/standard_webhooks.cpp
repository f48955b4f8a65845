#include "ingress/signatures/standard_webhooks.h"

#include <algorithm>
#include <array>

#include "common/crypto/webhook_secret.h"
#include "ingress/signatures/explain.h"
#include "ingress/signatures/signature_header.h"

namespace penstock {
namespace {

constexpr SchemeWords kWords{
    .sender = "this sender",
    .field = "webhook-signature",
    .fields = "webhook-id, webhook-timestamp or webhook-signature",
    .signature = "v1 with the base64 of 32 bytes",
    .timestamp = "webhook-timestamp",
    .secret = "the secret of its setting (what follows whsec_ is base64, and signs decoded)"};
constexpr std::string_view kId = "webhook-id";
constexpr std::string_view kTimestamp = "webhook-timestamp";
constexpr std::string_view kV1 = "v1,";

// What the head says. Views point into it. A dot in the id could be read as an end of it, and the rest as a time and the
// beginning of the body; but such a body would begin with digits, which no event does.
struct Message {
  std::string_view id;
  std::string_view timestamp;
  std::string_view signatures;
};

Message message_of(const http::RequestHead& head) {
  return {head.field(kId).value_or(""), head.field(kTimestamp).value_or(""),
          head.field(kWords.field).value_or("")};
}

std::optional<crypto::Sha256Mac> candidate(std::string_view element) noexcept {
  if (!element.starts_with(kV1)) return std::nullopt;
  return crypto::mac_from_base64(element.substr(kV1.size()));
}

// Those elements that could match at all.
struct Candidates {
  std::array<crypto::Sha256Mac, kElementsMax> codes;
  std::size_t count = 0;
  bool oversized = false;

  bool have(const crypto::Sha256Mac& ours) const noexcept {
    bool found = false;
    for (std::size_t i = 0; i < count; ++i) found |= crypto::constant_time_equal(codes[i], ours);
    return found;
  }
};

Candidates read(std::string_view signatures) noexcept {
  Candidates candidates;
  candidates.oversized = !for_each_element(signatures, ' ', [&candidates](std::string_view element) {
    if (const auto code = candidate(element)) candidates.codes[candidates.count++] = *code;
  });
  return candidates;
}

std::vector<std::string> keys_of(std::span<const std::string> secrets) {
  std::vector<std::string> keys;
  for (const auto& secret : secrets)
    for (auto& key : crypto::standard_webhooks_keys(secret)) keys.push_back(std::move(key));
  return keys;
}

}  // namespace

StandardWebhooksSignature::StandardWebhooksSignature(std::span<const std::string> secrets,
                                                     std::optional<std::chrono::seconds> tolerance)
    : keys_(keys_of(secrets), SigningKeys::Kept::bytes), tolerance_(tolerance) {}

SignatureVerdict StandardWebhooksSignature::judge_head(const http::RequestHead& head, Timestamp now) const {
  if (keys_.empty()) return SignatureVerdict::no_secret;
  const auto presence = judge_presence(head, kWords.field);
  if (presence != SignatureVerdict::valid) return presence;
  for (const auto field : {kId, kTimestamp})
    if (judge_presence(head, field) == SignatureVerdict::header_repeated)
      return SignatureVerdict::header_repeated;
  const auto message = message_of(head);
  if (message.id.empty()) return SignatureVerdict::id_missing;
  const auto candidates = read(message.signatures);
  if (candidates.oversized) return SignatureVerdict::header_oversized;
  const auto signed_at = parse_signature_time(message.timestamp);
  if (!signed_at) return SignatureVerdict::timestamp_missing;
  if (candidates.count == 0) return SignatureVerdict::signature_missing;
  return is_within(tolerance_, *signed_at, now) ? SignatureVerdict::valid
                                                : SignatureVerdict::timestamp_outside_tolerance;
}

bool StandardWebhooksSignature::signed_by_us(const http::RequestHead& head, std::string_view body) const {
  const auto message = message_of(head);
  const auto candidates = read(message.signatures);
  return keys_.any_code({message.id, ".", message.timestamp, ".", body},
                        [&candidates](const crypto::Sha256Mac& ours) { return candidates.have(ours); });
}

std::string StandardWebhooksSignature::explain(SignatureVerdict verdict, const http::RequestHead& head,
                                               std::string_view, Timestamp now) const {
  return explain_head(verdict, kWords, parse_signature_time(message_of(head).timestamp), now);
}

}  // namespace penstock
