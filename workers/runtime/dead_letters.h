// Dead letters: events that are parked, made durable in the parked topic before their inbox rows say so.
#pragma once

#include <vector>

#include "common/ports/event_sink.h"
#include "workers/runtime/incoming.h"

namespace penstock {

// Appends a letter for each and waits until all are acknowledged, then marks them durable. Blocks for
// `deadline` at most. Any error means that none may be called parked yet: try again later. It is never
// `invalid`, which would be about the event.
Status append_dead_letters(EventSink& log, const std::vector<Incoming*>& letters, Milliseconds deadline);

// The line about an event that is parked.
void log_parked(std::string_view pool, const Incoming& incoming);

}  // namespace penstock
