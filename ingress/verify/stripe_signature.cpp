#include <array>
#include <cstdint>

#include "ingress/verify/verify.h"

namespace penstock {
namespace {

constexpr std::size_t kSecretsMax = 16;
constexpr std::size_t kElementsMax = 64;
constexpr std::size_t kTimestampDigitsMax = 15;  // stays far inside int64, thirty million years from now
constexpr std::size_t kHexDigits = 64;

// What the header says. Views point into it.
struct SignatureElements {
  std::string_view timestamp;
  bool timestamps_differ = false;
  bool has_v1 = false;
  std::array<std::string_view, kElementsMax> candidates;  // the v1 elements that could match at all
  std::size_t candidate_count = 0;
};

void take_timestamp(SignatureElements& elements, std::string_view value) noexcept {
  if (elements.timestamp.data() != nullptr && elements.timestamp != value) elements.timestamps_differ = true;
  elements.timestamp = value;
}

void take_v1(SignatureElements& elements, std::string_view value) noexcept {
  elements.has_v1 = true;
  if (value.size() == kHexDigits) elements.candidates[elements.candidate_count++] = value;
}

// nullopt when there are too many elements. Elements of other schemes, also empty and nameless ones, are
// skipped.
std::optional<SignatureElements> split(std::string_view header) noexcept {
  SignatureElements elements;
  for (std::size_t count = 1;; ++count) {
    if (count > kElementsMax) return std::nullopt;
    const auto comma = header.find(',');
    const auto element = header.substr(0, comma);
    if (element.starts_with("t=")) take_timestamp(elements, element.substr(2));
    if (element.starts_with("v1=")) take_v1(elements, element.substr(3));
    if (comma == std::string_view::npos) return elements;
    header.remove_prefix(comma + 1);
  }
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
    if (!secret.empty() && keys_.size() < kSecretsMax) keys_.emplace_back(secret);
}

bool StripeSignature::within_tolerance(std::int64_t signed_at, Timestamp now) const noexcept {
  if (!tolerance_ || tolerance_->count() == 0) return true;
  const auto age = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count() - signed_at;
  return age <= tolerance_->count() && -age <= tolerance_->count();
}

SignatureVerdict StripeSignature::verify(std::span<const std::string_view> headers, std::string_view body,
                                         Timestamp now) const {
  if (keys_.empty()) return SignatureVerdict::no_secret;
  if (headers.empty()) return SignatureVerdict::header_missing;
  if (headers.size() > 1) return SignatureVerdict::header_repeated;
  const auto elements = split(headers[0]);
  if (!elements) return SignatureVerdict::header_oversized;
  if (elements->timestamps_differ) return SignatureVerdict::timestamp_ambiguous;
  const auto signed_at = parse_timestamp(elements->timestamp);
  if (!signed_at) return SignatureVerdict::timestamp_missing;
  if (!elements->has_v1) return SignatureVerdict::signature_missing;

  bool matches = false;
  for (const auto& key : keys_) {
    const auto expected = crypto::hex_digits(key.mac({elements->timestamp, ".", body}));
    for (std::size_t i = 0; i < elements->candidate_count; ++i)
      matches |= crypto::constant_time_equal({expected.data(), expected.size()}, elements->candidates[i]);
  }
  if (!matches) return SignatureVerdict::signature_mismatch;
  return within_tolerance(*signed_at, now) ? SignatureVerdict::valid
                                           : SignatureVerdict::timestamp_outside_tolerance;
}

std::string_view to_string(SignatureVerdict verdict) noexcept {
  switch (verdict) {
    case SignatureVerdict::valid:
      return "valid";
    case SignatureVerdict::no_secret:
      return "no_secret";
    case SignatureVerdict::header_missing:
      return "header_missing";
    case SignatureVerdict::header_repeated:
      return "header_repeated";
    case SignatureVerdict::header_oversized:
      return "header_oversized";
    case SignatureVerdict::timestamp_missing:
      return "timestamp_missing";
    case SignatureVerdict::timestamp_ambiguous:
      return "timestamp_ambiguous";
    case SignatureVerdict::timestamp_outside_tolerance:
      return "timestamp_outside_tolerance";
    case SignatureVerdict::signature_missing:
      return "signature_missing";
    case SignatureVerdict::signature_mismatch:
      return "signature_mismatch";
  }
  return "valid";
}

}  // namespace penstock
