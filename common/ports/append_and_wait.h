// Appending for those who have to know before they go on.
#pragma once

#include <functional>

#include "common/ports/event_sink.h"

namespace penstock {

// Appends `count` records, each made when its turn comes, and waits until all are acknowledged. Errors: the first of the
// log's, timeout. After an error some may be there. Blocks for `deadline` at most.
Status append_and_wait(EventSink& log, std::size_t count, const std::function<Record(std::size_t)>& make,
                       Milliseconds deadline);

}  // namespace penstock
