#include "workers/runtime/maintenance.h"

#include <unordered_set>
#include <utility>

#include "common/observe/log.h"
#include "workers/runtime/incoming.h"

namespace penstock {
namespace {

constexpr Milliseconds kInterval = std::chrono::hours{1};

}  // namespace

StillParked still_parked_in(Store& store) {
  return [&store](std::span<const StoredRecord> letters) -> Result<std::vector<bool>> {
    std::vector<std::string> keys;
    for (const StoredRecord& letter : letters) keys.push_back(key_of_dead_letter(letter).value);
    TRY(const auto rows, store.read(table_of<InboxRow>(), keys));
    std::unordered_set<std::string> parked;
    for (const Row& row : rows) {
      TRY(const auto read, from_row<InboxRow>(row));
      if (read.outcome == Outcome::parked) parked.insert(read.key.value);
    }
    std::vector<bool> answers;
    for (const std::string& key : keys) answers.push_back(parked.contains(key));
    return answers;
  };
}

Maintenance::Maintenance(LogAdmin& log, StoreAdmin& store, StillParked still_parked, const Clock& clock,
                         const RetentionTimes& retention)
    : log_(log),
      store_(store),
      still_parked_(std::move(still_parked)),
      clock_(clock),
      retention_(retention),
      hourly_(kInterval, [this] { work(); }) {}

void Maintenance::work() {
  const Timestamp now = clock_.now();
  const auto of_store = repeat([&] { return store_.maintain(now, retention_.events); });
  if (!of_store) log::warn("store maintenance failed", {{"detail", of_store.error().detail}});
  const auto of_outbound =
      repeat([&] { return store_.prune_outbound(now - retention_.events, now - retention_.attempts); });
  if (!of_outbound) log::warn("outbound maintenance failed", {{"detail", of_outbound.error().detail}});
  const auto of_log = repeat([&] { return log_.prune(now - retention_.events, still_parked_); });
  if (!of_log) log::warn("log maintenance failed", {{"detail", of_log.error().detail}});
}

Status Maintenance::repeat(const std::function<Result<bool>()>& run) const {
  for (bool more = true; more && !stopping_;) {
    TRY(more, run());
  }
  return ok();
}

}  // namespace penstock
