// UUIDs (RFC 9562) as text: 36 characters, in lower case.
#pragma once

#include <string_view>

namespace penstock {

// Is it a UUID, of any version, in that form and no other? One thing then has one spelling.
bool is_uuid(std::string_view text) noexcept;

}  // namespace penstock
