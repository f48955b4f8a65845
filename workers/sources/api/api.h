// Events that come in over our own API with a key or a session. Whose they are, what they are named by and when they
// came stands in the record's headers, as its door wrote them; the body is the client's, word for word.
#pragma once

#include "workers/sources/sources.h"

namespace penstock {

inline constexpr std::string_view kApi = "api";  // "api/<org>"

Source api_source();

}  // namespace penstock
