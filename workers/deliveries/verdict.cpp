#include "workers/deliveries/verdict.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace penstock {
namespace {

constexpr std::size_t kSecondsDigitsMax = 9;

std::optional<Milliseconds> read_seconds(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || text.size() > kSecondsDigitsMax || error != std::errc{} ||
      end != text.data() + text.size() || seconds < 0)
    return std::nullopt;
  return std::chrono::seconds{seconds};
}

// "Sun, 06 Nov 1994 08:49:37 GMT": the form of a date that senders may use (RFC 9110 §5.6.7, IMF-fixdate). Two obsolete ones are none.
std::optional<Timestamp> read_http_date(std::string_view text) {
  constexpr std::size_t kLength = 29;
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != kLength || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) return std::nullopt;
  const auto month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  std::string month_digits = std::to_string(month / 3 + 1);
  month_digits.insert(0, 2 - month_digits.size(), '0');
  std::string rfc3339(text.substr(12, 4));
  rfc3339.append("-").append(month_digits).append("-").append(text.substr(5, 2));
  rfc3339.append("T").append(text.substr(17, 8)).append("Z");
  return parse_rfc3339(rfc3339);
}

// As it says, from now; never a time that has passed.
std::optional<Milliseconds> read_retry_after(std::string_view text, Timestamp now) {
  if (const auto seconds = read_seconds(text)) return seconds;
  const auto date = read_http_date(text);
  return date ? std::optional(std::max(*date - now, Milliseconds{0})) : std::nullopt;
}

}  // namespace

Verdict verdict_of(const SendResult<OutgoingAnswer>& result) noexcept {
  if (!result) return result.error().error == SendError::request_refused ? Verdict::refused : Verdict::retry;
  const int status = result.value().status;
  if (status >= 200 && status < 300) return Verdict::succeeded;
  if (status == 410) return Verdict::gone;
  return status >= 400 && status < 500 && status != 429 ? Verdict::refused : Verdict::retry;
}

std::optional<Milliseconds> retry_after(const OutgoingAnswer& answer, Timestamp now) {
  if (answer.status != 429 && answer.status != 503) return std::nullopt;
  const auto field = answer.header("retry-after");
  const auto wait = field ? read_retry_after(*field, now) : std::nullopt;
  return wait ? std::optional(std::min(*wait, kRetryAfterMax)) : std::nullopt;
}

std::optional<Timestamp> next_attempt_at(const std::vector<Milliseconds>& schedule, std::int64_t attempts,
                                         std::optional<std::int64_t> retries_max, double luck,
                                         std::optional<Milliseconds> retry_after, Timestamp now) {
  const auto retries =
      std::min<std::int64_t>(static_cast<std::int64_t>(schedule.size()),
                             retries_max.value_or(static_cast<std::int64_t>(schedule.size())));
  if (attempts < 1 || attempts > retries) return std::nullopt;
  const auto delay =
      static_cast<double>(schedule[static_cast<std::size_t>(attempts - 1)].count()) * (0.8 + 0.4 * luck);
  return now +
         std::max(Milliseconds{static_cast<Milliseconds::rep>(delay)}, retry_after.value_or(Milliseconds{0}));
}

}  // namespace penstock
