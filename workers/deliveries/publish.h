// Gives outbound events their places in the feed, and each endpoint that is to be told of one its delivery: in one transaction, so
// that each event has one place, and of each endpoint one delivery, whatever dies in between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "common/ports/clock.h"
#include "common/ports/store.h"
#include "common/registry/table.h"

namespace penstock {

// The place that was given last; 0 before the first. Blocks on the store, and its errors are this function's.
Result<std::int64_t> last_place(Store& store);
// FeedEvent::place of a number.
std::string feed_place(std::int64_t place);

// What waits for its place: how many events, `at_most`, and since when the oldest. Likewise.
struct Unpublished {
  std::size_t events = 0;
  std::optional<Timestamp> since;
};
Result<Unpublished> count_unpublished(Store& store, std::size_t at_most);

// Of one call.
inline constexpr std::size_t kPublishedMax = 500;

// Publishes the oldest committed events that have no place yet, kPublishedMax at most, fewer where each has many endpoints, and
// says how many. Endpoints are those that the settings name now. Safe to run from several places at once: one of them publishes,
// and the others have published none. Errors: the store's; a conflict that comes again and again is a counter that gives places
// anew, as in a store that was restored in part. Blocks.
Result<std::size_t> publish_events(Store& store, const registry::Snapshot& settings, const Clock& clock);

}  // namespace penstock
