// Percent-encoding of paths and queries (RFC 3986). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::http {

// nullopt for a broken escape, and when the decoded text has a control character or is not UTF-8.
std::optional<std::string> percent_decode(std::string_view text);

// Whether a text without an escape is what percent_decode() makes of it.
bool is_decoded(std::string_view text) noexcept;

// "a=1&b=x%20y+z" as decoded pairs, in order ("+" is a space here). A name without "=" has an empty value.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

}  // namespace penstock::http
