#include "ingress/signatures/stripe_signature.h"

#include "ingress/signatures/explain.h"
#include "ingress/signatures/signature_header.h"
#include "ingress/signatures/stripe_mismatch.h"

namespace penstock {
namespace {

constexpr SchemeWords kWords{
    .sender = "Stripe",
    .field = "Stripe-Signature",
    .fields = "Stripe-Signature",
    .signature = "v1 of 64 hex digits",
    .timestamp = "t",
    .secret = "STRIPE_WEBHOOK_SECRET, or what is set for an endpoint of somebody else's"};
constexpr std::size_t kHexDigits = 64;
constexpr std::string_view kT = "t=";
constexpr std::string_view kV1 = "v1=";

// What the header says, its signatures aside. Views point into it.
struct SignatureElements {
  std::string_view timestamp;
  bool oversized = false;
  bool malformed = false;
  bool timestamps_differ = false;
  bool has_candidate = false;  // a v1 that could match at all
};

bool is_candidate(std::string_view element) noexcept {
  return element.starts_with(kV1) && element.size() == kV1.size() + kHexDigits;
}

// Elements of other schemes are skipped, also empty ones and such without "=": most of Stripe's libraries do
// so. A t or v1 without "=" is refused by all of them.
SignatureElements read(std::string_view header) noexcept {
  SignatureElements elements;
  elements.oversized = !for_each_element(header, ',', [&elements](std::string_view element) {
    elements.malformed |= element == "t" || element == "v1";
    elements.has_candidate |= is_candidate(element);
    if (!element.starts_with(kT)) return;
    const auto value = element.substr(kT.size());
    elements.timestamps_differ |= elements.timestamp.data() != nullptr && elements.timestamp != value;
    elements.timestamp = value;
  });
  return elements;
}

// Whether the header has the signature of that code.
bool has_signature(std::string_view header, const crypto::Sha256Mac& code) {
  const auto expected = crypto::hex_digits(code);
  bool matches = false;
  for_each_element(header, ',', [&](std::string_view element) {
    if (!is_candidate(element)) return;
    matches |= crypto::constant_time_equal({expected.data(), expected.size()}, element.substr(kV1.size()));
  });
  return matches;
}

}  // namespace

StripeSignature::StripeSignature(std::span<const std::string> secrets,
                                 std::optional<std::chrono::seconds> tolerance, SigningKeys::Kept kept)
    : keys_({secrets.begin(), secrets.end()}, kept), tolerance_(tolerance) {}

SignatureVerdict StripeSignature::judge_header(std::span<const std::string_view> headers,
                                               Timestamp now) const {
  if (keys_.empty()) return SignatureVerdict::no_secret;
  if (headers.empty()) return SignatureVerdict::header_missing;
  if (headers.size() > 1) return SignatureVerdict::header_repeated;
  const auto elements = read(headers[0]);
  if (elements.oversized) return SignatureVerdict::header_oversized;
  if (elements.malformed) return SignatureVerdict::element_malformed;
  if (elements.timestamps_differ) return SignatureVerdict::timestamp_ambiguous;
  const auto signed_at = parse_signature_time(elements.timestamp);
  if (!signed_at) return SignatureVerdict::timestamp_missing;
  if (!elements.has_candidate) return SignatureVerdict::signature_missing;
  return is_within(tolerance_, *signed_at, now) ? SignatureVerdict::valid
                                                : SignatureVerdict::timestamp_outside_tolerance;
}

bool StripeSignature::signed_by_us(std::string_view header, std::string_view body) const {
  return keys_.any_code({read(header).timestamp, ".", body},
                        [header](const crypto::Sha256Mac& code) { return has_signature(header, code); });
}

bool is_stripe_signed(std::span<const std::string> secrets, const http::RequestHead& head,
                      std::string_view body) {
  const auto header = head.field(kWords.field).value_or("");
  const auto timestamp = read(header).timestamp;
  bool found = false;
  for (const auto& secret : secrets)
    if (!secret.empty()) found |= has_signature(header, crypto::hmac_sha256(secret, {timestamp, ".", body}));
  return found;
}

std::optional<std::chrono::sys_seconds> signature_time(std::string_view header) noexcept {
  return parse_signature_time(read(header).timestamp);
}

SignatureVerdict StripeSignature::judge_head(const http::RequestHead& head, Timestamp now) const {
  return judge_header(head.field_values(kWords.field), now);
}

bool StripeSignature::signed_by_us(const http::RequestHead& head, std::string_view body) const {
  return signed_by_us(head.field(kWords.field).value_or(""), body);
}

std::string StripeSignature::explain(SignatureVerdict verdict, const http::RequestHead& head,
                                     std::string_view body, Timestamp now) const {
  const auto header = head.field(kWords.field).value_or("");
  if (verdict == SignatureVerdict::signature_mismatch) return explain_mismatch(*this, header, body);
  return explain_head(verdict, kWords, signature_time(header), now);
}

}  // namespace penstock
