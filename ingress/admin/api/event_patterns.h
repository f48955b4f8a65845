// Types of events as settings name them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingress/fields/body_reader.h"

namespace penstock::admin {

// "invoice.paid": parts of a-z 0-9 _, between dots.
bool is_event_type(std::string_view text) noexcept;

// A type, a pattern such as charge.*, or *.
bool is_event_pattern(std::string_view text) noexcept;
inline constexpr std::string_view kEventPatternRule =
    "must each be a type such as invoice.paid, a pattern such as charge.*, or *";

// The member `event_types`: one to 64 types, patterns such as charge.*, or *. What is wrong is refused.
std::vector<std::string> read_patterns(BodyReader& in);

}  // namespace penstock::admin
