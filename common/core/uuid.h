// UUIDs (RFC 9562) as text: 36 characters, in lower case.
#pragma once

#include <string>
#include <string_view>

namespace penstock {

// Is it a UUID, of any version, in that form and no other? One thing then has one spelling.
bool is_uuid(std::string_view text) noexcept;

// The UUIDv5 of a name within a namespace, which is a UUID itself (anything else aborts): the same for the
// same two, and for others another one.
std::string uuid_v5(std::string_view name_space, std::string_view name);

}  // namespace penstock
