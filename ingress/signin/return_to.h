// Where somebody goes who has signed in. Pure.
#pragma once

#include <string_view>

namespace penstock {

inline constexpr std::size_t kReturnToBytesMax = 1024;

// A path of the app, with whatever query and fragment: "/orders?page=2". It begins with one slash; has nothing but visible
// ASCII and no backslash; and in its path no encoded slash, backslash or control character, which whoever decodes it
// once more might take for something else. It is sent behind the app's origin, so that it cannot lead elsewhere.
bool is_local_path(std::string_view text) noexcept;

}  // namespace penstock
