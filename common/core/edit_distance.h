// How far apart two names are, for messages that guess what was meant.
#pragma once

#include <cstddef>
#include <string_view>

namespace penstock {

// The fewest insertions, deletions and replacements of bytes that make one of the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace penstock
