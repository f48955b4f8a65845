#include <cstdint>

#include "ingress/signatures/explain.h"
#include "ingress/signatures/stripe_signature.h"

namespace penstock {
namespace {

constexpr std::string_view kField = "Stripe-Signature";
constexpr std::size_t kElementsMax = 64;
constexpr std::size_t kTimestampDigitsMax = 15;  // stays far inside int64, thirty million years from now
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

// False when there are more elements than any sender makes.
template <class Visit>
bool for_each_element(std::string_view header, Visit visit) {
  for (std::size_t count = 1; count <= kElementsMax; ++count) {
    const auto comma = header.find(',');
    visit(header.substr(0, comma));
    if (comma == std::string_view::npos) return true;
    header.remove_prefix(comma + 1);
  }
  return false;
}

bool is_candidate(std::string_view element) noexcept {
  return element.starts_with(kV1) && element.size() == kV1.size() + kHexDigits;
}

// Elements of other schemes are skipped, also empty ones and such without "=": most of Stripe's libraries do
// so. A t or v1 without "=" is refused by all of them.
SignatureElements read(std::string_view header) noexcept {
  SignatureElements elements;
  elements.oversized = !for_each_element(header, [&elements](std::string_view element) {
    elements.malformed |= element == "t" || element == "v1";
    elements.has_candidate |= is_candidate(element);
    if (!element.starts_with(kT)) return;
    const auto value = element.substr(kT.size());
    elements.timestamps_differ |= elements.timestamp.data() != nullptr && elements.timestamp != value;
    elements.timestamp = value;
  });
  return elements;
}

// Digits only, no leading zero: the signed text and the number must be one and the same.
std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept {
  if (text.empty() || text.size() > kTimestampDigitsMax || text[0] == '0') return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

StripeSignature::StripeSignature(std::span<const std::string> secrets,
                                 std::optional<std::chrono::seconds> tolerance)
    : tolerance_(tolerance) {
  for (const auto& secret : secrets)
    if (!secret.empty()) keys_.emplace_back(secret);
}

bool StripeSignature::within_tolerance(std::int64_t signed_at, Timestamp now) const noexcept {
  if (!tolerance_ || tolerance_->count() == 0) return true;
  const auto age = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count() - signed_at;
  return age <= tolerance_->count() && -age <= tolerance_->count();
}

SignatureVerdict StripeSignature::judge_header(std::span<const std::string_view> headers,
                                               Timestamp now) const {
  if (keys_.empty()) return SignatureVerdict::no_secret;
  if (headers.empty()) return SignatureVerdict::header_missing;
  if (headers.size() > 1) return SignatureVerdict::header_repeated;
  const auto elements = read(headers[0]);
  if (elements.oversized) return SignatureVerdict::header_oversized;
  if (elements.malformed) return SignatureVerdict::element_malformed;
  if (elements.timestamps_differ) return SignatureVerdict::timestamp_ambiguous;
  const auto signed_at = parse_timestamp(elements.timestamp);
  if (!signed_at) return SignatureVerdict::timestamp_missing;
  if (!elements.has_candidate) return SignatureVerdict::signature_missing;
  return within_tolerance(*signed_at, now) ? SignatureVerdict::valid
                                           : SignatureVerdict::timestamp_outside_tolerance;
}

bool StripeSignature::signed_by_us(std::string_view header, std::string_view body) const {
  const auto timestamp = read(header).timestamp;
  bool matches = false;
  for (const auto& key : keys_) {
    const auto expected = crypto::hex_digits(key.mac({timestamp, ".", body}));
    for_each_element(header, [&](std::string_view element) {
      if (!is_candidate(element)) return;
      matches |= crypto::constant_time_equal({expected.data(), expected.size()}, element.substr(kV1.size()));
    });
  }
  return matches;
}

std::optional<std::chrono::sys_seconds> signature_time(std::string_view header) noexcept {
  const auto signed_at = parse_timestamp(read(header).timestamp);
  if (!signed_at) return std::nullopt;
  return std::chrono::sys_seconds{std::chrono::seconds{*signed_at}};
}

SignatureVerdict StripeSignature::judge_head(const http::RequestHead& head, Timestamp now) const {
  return judge_header(head.field_values(kField), now);
}

bool StripeSignature::signed_by_us(const http::RequestHead& head, std::string_view body) const {
  return signed_by_us(head.field(kField).value_or(""), body);
}

std::string StripeSignature::explain(SignatureVerdict verdict, const http::RequestHead& head,
                                     std::string_view body, Timestamp now) const {
  return penstock::explain(verdict, *this, head.field_values(kField), body, now);
}

}  // namespace penstock
