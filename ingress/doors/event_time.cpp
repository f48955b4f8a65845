#include "ingress/doors/event_time.h"

#include <charconv>

namespace penstock {

bool read_event_time(json::Cursor& cursor, std::optional<Timestamp>& into) {
  std::string_view text;
  into.reset();
  if (cursor.peek() == '"') {
    if (!cursor.string(text)) return false;
    into = parse_rfc3339(text);
    return true;
  }
  if (cursor.peek() == '{' || cursor.peek() == '[') return cursor.value();
  if (!cursor.scalar(text)) return false;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc{} && end == text.data() + text.size()) into = timestamp_from_unix_seconds(seconds);
  return true;
}

}  // namespace penstock
