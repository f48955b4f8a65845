#include "common/core/time.h"

namespace penstock {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr Timestamp kFirst = sys_days{std::chrono::year{1} / 1 / 1};
constexpr Timestamp kEnd = sys_days{std::chrono::year{10000} / 1 / 1};

// The two, three or four digits at `at`, or -1.
int digits(std::string_view text, std::size_t at, std::size_t count) noexcept {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

void put_digits(std::string& text, std::size_t at, std::size_t count, unsigned value) noexcept {
  for (std::size_t i = at + count; i-- > at; value /= 10) text[i] = static_cast<char>('0' + value % 10);
}

bool has(std::string_view text, std::size_t at, std::string_view any_of) noexcept {
  return at < text.size() && any_of.find(text[at]) != std::string_view::npos;
}

}  // namespace

std::optional<Timestamp> timestamp_from_unix_seconds(std::int64_t seconds) noexcept {
  constexpr auto kMin = std::chrono::floor<std::chrono::seconds>(kFirst).time_since_epoch().count();
  constexpr auto kMax = std::chrono::floor<std::chrono::seconds>(kEnd).time_since_epoch().count();
  if (seconds < kMin || seconds >= kMax) return std::nullopt;
  return Timestamp{std::chrono::seconds{seconds}};
}

std::string to_rfc3339(Timestamp at) {
  const auto day = std::chrono::floor<days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{at - day};
  std::string out = "0000-00-00T00:00:00";
  put_digits(out, 0, 4, static_cast<unsigned>(static_cast<int>(date.year())));
  put_digits(out, 5, 2, static_cast<unsigned>(date.month()));
  put_digits(out, 8, 2, static_cast<unsigned>(date.day()));
  put_digits(out, 11, 2, static_cast<unsigned>(time.hours().count()));
  put_digits(out, 14, 2, static_cast<unsigned>(time.minutes().count()));
  put_digits(out, 17, 2, static_cast<unsigned>(time.seconds().count()));
  if (const auto ms = time.subseconds().count(); ms != 0) {
    out += ".000";
    put_digits(out, 20, 3, static_cast<unsigned>(ms));
  }
  out += 'Z';
  return out;
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) noexcept {
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (year < 1 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0) return std::nullopt;
  if (!has(text, 4, "-") || !has(text, 7, "-") || !has(text, 10, "Tt ") || !has(text, 13, ":") ||
      !has(text, 16, ":"))
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;

  std::size_t at = 19;
  int ms = 0;
  if (has(text, at, ".")) {
    const std::size_t first = ++at;
    for (int scale = 100; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
      ms += (text[at] - '0') * scale;
    if (at == first || at - first > 9) return std::nullopt;
  }

  std::chrono::minutes offset{0};
  if (has(text, at, "Zz")) {
    ++at;
  } else if (has(text, at, "+-")) {
    const int h = digits(text, at + 1, 2), m = digits(text, at + 4, 2);
    if (h < 0 || h > 23 || m < 0 || m > 59 || !has(text, at + 3, ":")) return std::nullopt;
    offset = std::chrono::minutes{(text[at] == '-' ? -1 : 1) * (h * 60 + m)};
    at += 6;
  } else {
    return std::nullopt;
  }
  if (at != text.size()) return std::nullopt;
  const Timestamp instant = Timestamp{sys_days{date}} + std::chrono::hours{hour} +
                            std::chrono::minutes{minute} + std::chrono::seconds{second} + Milliseconds{ms} -
                            offset;
  if (instant < kFirst || instant >= kEnd) return std::nullopt;  // in UTC it is of another year
  return instant;
}

}  // namespace penstock
