// Is a text one that JSON, PostgreSQL and a terminal can take? Pure.
#pragma once

#include <string_view>

namespace penstock {

// Well-formed UTF-8: shortest forms only, no surrogates, nothing past U+10FFFF (Unicode 15, table 3-7).
bool is_utf8(std::string_view text) noexcept;

}  // namespace penstock
