#include "workers/runtime/group_progress.h"

#include <algorithm>
#include <utility>

namespace penstock {

std::int64_t lag_of(const PartitionProgress& partition) {
  return std::max<std::int64_t>(0, partition.end.value - partition.committed.value);
}

std::int64_t lag_of(const GroupProgress& progress) {
  std::int64_t lag = 0;
  for (const auto& partition : progress.partitions) lag += lag_of(partition);
  return lag;
}

std::int64_t done_of(const GroupProgress& progress) {
  std::int64_t records = 0;
  for (const auto& partition : progress.partitions) records += partition.committed.value;
  return records;
}

std::optional<PoolNote> worst_note(const GroupProgress& progress) {
  std::optional<PoolNote> worst;
  for (const auto& partition : progress.partitions) {
    auto note = lag_of(partition) > 0 ? parse_pool_note(partition.note) : std::nullopt;
    if (!note) continue;
    if (!worst || note->state > worst->state || (note->state == worst->state && note->since < worst->since))
      worst = std::move(note);
  }
  return worst;
}

std::string why_stuck(const GroupProgress& progress) {
  const auto note = worst_note(progress);
  const std::string said = note ? note->error : "";
  if (progress.members > 0) return said.empty() ? "its workers say nothing" : said;
  return "no worker of this pool is running" + (said.empty() ? "" : "; the last one said: " + said);
}

GroupWatch::GroupWatch(EventSource& log, std::string group, std::string log_address, PoolHealth& health)
    : log_(log), group_(std::move(group)), log_address_(std::move(log_address)), health_(health) {}

void GroupWatch::look() {
  const auto progress = log_.progress(group_, health_.pool());
  if (!progress) {
    health_.group_stays("nobody knows how far group " + group_ + " is: " + progress.error().detail + " (" +
                        log_address_ + ")");
    return;
  }
  const std::int64_t done = done_of(progress.value());
  const bool moved = std::exchange(done_, done) != done;
  const std::int64_t lag = lag_of(progress.value());
  if (moved || lag == 0) return health_.group_moves();
  health_.group_stays(std::to_string(lag) + " events wait in the log and none is done: " +
                      why_stuck(progress.value()) + " (" + log_address_ + ")");
}

}  // namespace penstock
