// What the events of the API say. Errors: wrong_shape, naming the path.
//
// To handle another type: a reader here, and a line in the table of api.cpp.
#pragma once

#include "workers/domain/decide.h"
#include "workers/sources/api/event.h"

namespace penstock::api {

// {reportable_id, reportable_type, reason, description?}; the report's id is the event's.
Result<ReportFacts> read_report(const Event& event);

}  // namespace penstock::api
