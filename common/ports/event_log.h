// The log: what an event is appended to before it is acknowledged, and what the worker pools consume. Who uses it
// asks for the part that it needs. Adapters: Kafka (production), SQLite (one process), memory (tests). One
// contract suite holds for all of them.
#pragma once

#include "common/ports/event_sink.h"
#include "common/ports/event_source.h"
#include "common/ports/log_admin.h"
#include "common/ports/log_reader.h"

namespace penstock {

class EventLog : public EventSink, public EventSource, public LogReader, public LogAdmin {};

}  // namespace penstock
