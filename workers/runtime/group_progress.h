// How far a pool's consumer group is, as the log tells it, and what follows from that. Used by the workers
// for their own pools, and by the admin API for all. Pure, but for GroupWatch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/ports/event_source.h"
#include "workers/runtime/pool_health.h"
#include "workers/runtime/pool_note.h"

namespace penstock {

// Records that are not done yet.
std::int64_t lag_of(const PartitionProgress& partition);
std::int64_t lag_of(const GroupProgress& progress);
// Records up to the committed offsets: a number that changes whenever the group has done something.
std::int64_t done_of(const GroupProgress& progress);

// The worst note of partitions that have something to do, the oldest of those: one whose cause is gone stays
// until the next commit.
std::optional<PoolNote> worst_note(const GroupProgress& progress);

// Why a group that has something to do does nothing, as far as its members and notes tell.
std::string why_stuck(const GroupProgress& progress);

// Finds out what the worker itself cannot know: that its group has events and none of them reaches anybody.
// Used by one thread; all it is given must outlive it.
class GroupWatch {
 public:
  GroupWatch(EventSource& log, std::string group, std::string log_address, PoolHealth& health);

  // Asks the log, and tells the pool's health. Call it every few seconds. Blocks as EventSource::progress does.
  void look();

 private:
  EventSource& log_;
  const std::string group_;
  const std::string log_address_;  // for messages
  PoolHealth& health_;
  std::optional<std::int64_t> done_;  // as the last look saw it
};

}  // namespace penstock
