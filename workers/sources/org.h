// Whose an event is, as its door has written it into the record.
#pragma once

#include <optional>
#include <string>

#include "common/core/result.h"
#include "common/ports/event_record.h"

namespace penstock {

// Of the header `ps_org`; a record without it is of the default org, which is nullopt. Errors: wrong_shape, for a name
// that is no org's.
Result<std::optional<std::string>> read_org(const Headers& headers);

}  // namespace penstock
