#include "common/http/server/cookies.h"

namespace penstock::http {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::optional<std::string_view> cookie(const RequestHead& head, std::string_view name) noexcept {
  std::optional<std::string_view> found;
  for (const Field& field : head.fields) {
    if (!equal_ignoring_case(head.slice(field.name), "Cookie")) continue;
    auto rest = head.slice(field.value);
    while (!rest.empty()) {
      const auto pair = trimmed(rest.substr(0, rest.find(';')));
      rest.remove_prefix(std::min(rest.find(';'), rest.size() - 1) + 1);
      const auto equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
      if (found) return std::nullopt;
      found = pair.substr(equals + 1);
    }
  }
  return found;
}

std::string set_cookie(const Cookie& cookie) {
  std::string text(cookie.name);
  text.append("=").append(cookie.value);
  text.append("; Path=/; Max-Age=").append(std::to_string(cookie.max_age.count()));
  text.append("; HttpOnly; SameSite=Lax");
  if (cookie.secure) text.append("; Secure");
  return text;
}

}  // namespace penstock::http
