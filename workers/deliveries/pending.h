// What is pending of endpoints, and what is sent of it. All functions block on the store, and its errors are theirs.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/ports/store.h"
#include "workers/domain/state/outbound_rows.h"

namespace penstock {

struct PendingOf {
  std::string endpoint;
  std::size_t at_most;
};

struct Pending {
  std::int64_t rev =
      0;  // of the endpoint's row, before its deliveries were read: what comes later changes it
  std::vector<Delivery> due;          // the longest due first
  std::optional<Timestamp> next_due;  // of what is not due yet, as far as was seen
  bool more = false;                  // there may be more than `at_most`
};

// By endpoint; one without a row is left out. Two round trips, however many are asked for.
Result<std::map<std::string, Pending>> read_pending(Store& store, std::span<const PendingOf> wanted,
                                                    Timestamp now);

struct Message {
  std::string id;    // envelope_id()
  std::string body;  // envelope()
};
using Messages = std::map<std::string, Message>;
// By OutboxRow::id; of an event that is no longer kept there is none.
Result<Messages> read_messages(Store& store, const std::vector<std::string>& events);

}  // namespace penstock
