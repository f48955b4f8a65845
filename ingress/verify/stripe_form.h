// How Stripe writes the JSON that it signs. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock {

// The same JSON laid out as in Stripe's deliveries: indented by two spaces, members in the order they have
// here, UTF-8 as it is, no newline at the end. nullopt when `body` is no JSON (or is nested more than 64
// deep). Time and memory are linear in the body.
std::optional<std::string> stripe_form(std::string_view body);

}  // namespace penstock
