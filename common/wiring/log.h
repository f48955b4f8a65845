// The log that the settings name, whichever it is.
#pragma once

#include "common/ports/clock.h"
#include "common/wiring/kafka_log.h"

namespace penstock {

// `settings.log` must be set. The clock and the metrics must outlive the log.
Result<std::unique_ptr<EventLog>> open_log(const Settings& settings, const Clock& clock, Metrics& metrics);

}  // namespace penstock
