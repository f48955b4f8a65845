#include "ingress/admin/api/cursor.h"

#include <algorithm>
#include <charconv>

#include "common/core/utf8.h"
#include "common/crypto/crypto.h"

namespace penstock::admin {
namespace {

std::string to_base64url(std::string_view bytes) {
  std::string text = crypto::to_base64(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(std::find(text.begin(), text.end(), '='), text.end());
  return text;
}

std::optional<std::string> from_base64url(std::string_view token) {
  if (token.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string text(token);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return crypto::from_base64(text);
}

// Cuts off and answers what stands before the first space; nullopt without one.
std::optional<std::string_view> take_word(std::string_view& text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto word = text.substr(0, space);
  text.remove_prefix(space + 1);
  return word;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The times that RFC 3339 can spell; a store may refuse others.
bool is_storable(std::int64_t unix_ms) { return timestamp_from_unix_seconds(unix_ms / 1000).has_value(); }

// Could a store have it as a key?
bool is_key(std::string_view text) {
  return !text.empty() && text.find('\0') == std::string_view::npos && is_utf8(text);
}

std::string_view name_of(ListOrder order) { return order == ListOrder::oldest_first ? "asc" : "desc"; }

}  // namespace

// No key holds a NUL, which therefore ends it.
std::string make_cursor(std::string_view list, ListOrder order, const Cursor& cursor) {
  std::string text(list);
  text.append(" ").append(name_of(order)).append(" ").append(cursor.way).append(" ");
  text.append(std::to_string(to_unix_ms(cursor.last.at))).append(" ").append(cursor.last.key);
  if (!cursor.within.empty()) text.append(1, '\0').append(cursor.within);
  return to_base64url(text);
}

std::optional<Cursor> read_cursor(std::string_view list, ListOrder order, std::string_view text) {
  const auto bytes = from_base64url(text);
  if (!bytes) return std::nullopt;
  std::string_view unread = *bytes;
  if (take_word(unread) != list || take_word(unread) != name_of(order)) return std::nullopt;
  const auto way = take_word(unread);
  const auto at = way ? take_word(unread) : std::nullopt;
  const auto unix_ms = at ? parse_integer(*at) : std::nullopt;
  const auto key = unread.substr(0, unread.find('\0'));
  const bool whole = key.size() == unread.size();
  const auto within = whole ? std::string_view{} : unread.substr(key.size() + 1);
  if (!unix_ms || !is_storable(*unix_ms) || !is_key(key) || (!whole && !is_key(within))) return std::nullopt;
  return Cursor{
      {timestamp_from_unix_ms(*unix_ms), std::string(key), !whole}, std::string(within), std::string(*way)};
}

}  // namespace penstock::admin
