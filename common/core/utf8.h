// Is a text one that JSON, PostgreSQL and a terminal can take? Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock {

// Well-formed UTF-8: shortest forms only, no surrogates, nothing past U+10FFFF (Unicode 15, table 3-7).
bool is_utf8(std::string_view text) noexcept;

// Only characters from the space to the tilde, as in most texts: the quick answer to what is asked of any text.
bool is_printable_ascii(std::string_view text) noexcept;

// The longest beginning of at most that many bytes that ends with a whole character. `text` is UTF-8.
std::string utf8_prefix(std::string_view text, std::size_t bytes_max);

// The text's beginning as a well-formed text of at most that many bytes: each byte that is part of no character, and each NUL, which
// PostgreSQL takes nowhere, is a '?'.
std::string readable_prefix(std::string_view text, std::size_t bytes_max);

}  // namespace penstock
