// JSON pointers (RFC 6901): where a value stands in a document. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.h"

namespace penstock::json {

// The names that a pointer goes by, unescaped; none for the whole document. Errors are `invalid`, with the pointer and why
// it is none.
Result<std::vector<std::string>> parse_pointer(std::string_view pointer);

// The element of an array that a name stands for: digits without leading zeros.
std::optional<std::size_t> element_index(std::string_view name) noexcept;

// What stands there; absent when nothing does.
Value find(Value root, std::span<const std::string> names) noexcept;

}  // namespace penstock::json
