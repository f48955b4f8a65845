// When a provider says that its event happened.
#pragma once

#include <optional>

#include "common/core/time.h"
#include "common/json/cursor.h"

namespace penstock {

// Reads the value at the cursor: Unix seconds or RFC 3339, or nothing where it is anything else. False as the cursor says it.
bool read_event_time(json::Cursor& cursor, std::optional<Timestamp>& into);

}  // namespace penstock
