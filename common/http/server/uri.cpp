#include "common/http/server/uri.h"

#include <algorithm>
#include <boost/url/pct_string_view.hpp>

#include "common/core/utf8.h"

namespace penstock::http {
namespace {

namespace urls = boost::urls;

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::optional<std::string> unescape(std::string_view text, bool plus_is_space) {
  if (text.find_first_of(plus_is_space ? "%+" : "%") == std::string_view::npos) return std::string(text);
  const auto escaped = urls::make_pct_string_view(text);
  if (!escaped) return std::nullopt;
  return escaped->decode(urls::encoding_opts(plus_is_space));
}

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
  auto decoded = unescape(text, plus_is_space);
  return decoded && is_decoded(*decoded) ? decoded : std::nullopt;
}

}  // namespace

bool is_decoded(std::string_view text) noexcept {
  return is_printable_ascii(text) || (std::none_of(text.begin(), text.end(), is_control) && is_utf8(text));
}

std::optional<std::string> percent_decode(std::string_view text) { return decode(text, false); }

std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const auto item = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(item.size() + 1, query.size()));
    if (item.empty()) continue;
    const auto equals = std::min(item.find('='), item.size());
    auto name = decode(item.substr(0, equals), true);
    auto value = decode(item.substr(std::min(equals + 1, item.size())), true);
    if (!name || !value) return std::nullopt;
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

}  // namespace penstock::http
