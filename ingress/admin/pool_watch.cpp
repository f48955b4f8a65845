#include "ingress/admin/pool_watch.h"

#include <algorithm>

#include "common/observe/log.h"

namespace penstock::admin {
namespace {

prometheus::Family<prometheus::Gauge>& lag_family(Metrics& metrics) {
  return prometheus::BuildGauge()
      .Name("penstock_consumer_lag")
      .Help("Records of a pool's topic that its consumer group has not done yet")
      .Register(metrics.registry());
}

std::int64_t lag_of(const PartitionProgress& partition) {
  return std::max<std::int64_t>(0, partition.end.value - partition.committed.value);
}

}  // namespace

PoolWatch::PoolWatch(EventLog& log, const Clock& clock, Metrics& metrics, PoolWatchOptions options)
    : log_(log),
      clock_(clock),
      options_(std::move(options)),
      lag_(lag_family(metrics)),
      pools_(options_.pools.size()),
      ticker_(options_.interval, [this] {
        const std::lock_guard lock(mutex_);
        note(look());
      }) {}

Result<std::vector<PoolState>> PoolWatch::states() {
  const std::lock_guard lock(mutex_);
  if (!looked_at_ || clock_.now() - *looked_at_ > options_.state_age_max) {
    const auto looked = look();
    note(looked);
    if (!looked) return looked.error();
  }
  std::vector<PoolState> states;
  for (const auto& pool : pools_) states.push_back(pool.state);
  return states;
}

Status PoolWatch::look() {
  looked_at_.reset();
  const Timestamp now = clock_.now();
  for (std::size_t i = 0; i < pools_.size(); ++i) {
    pools_[i].state.name = options_.pools[i];
    TRY_STATUS(look_at(pools_[i], now));
  }
  looked_at_ = now;
  return ok();
}

Status PoolWatch::look_at(Pool& pool, Timestamp now) {
  const std::string& topic = pool.state.name;
  TRY(const auto progress, log_.progress(options_.group_prefix + topic, topic));
  TRY(const auto age, oldest_age(topic, progress, now));
  pool.state.oldest_age = age;
  pool.state.lag = 0;
  Done done{now};
  for (const auto& partition : progress.partitions) {
    pool.state.lag += lag_of(partition);
    done.records += partition.committed.value;
    lag_.Add({{"pool", topic}, {"partition", std::to_string(partition.partition.value)}})
        .Set(static_cast<double>(lag_of(partition)));
  }
  pool.state.members = progress.members;
  pool.state.partitions = static_cast<std::int64_t>(progress.partitions.size());
  count_rate(pool, done);
  return ok();
}

Result<std::chrono::seconds> PoolWatch::oldest_age(const std::string& topic, const GroupProgress& progress,
                                                   Timestamp now) {
  Timestamp oldest = now;
  for (const auto& partition : progress.partitions) {
    if (lag_of(partition) == 0) continue;
    TRY(const auto record, log_.read({topic, partition.partition, partition.committed}));
    if (record) oldest = std::min(oldest, record->appended_at);
  }
  return std::chrono::floor<std::chrono::seconds>(now - oldest);
}

void PoolWatch::count_rate(Pool& pool, Done done) const {
  auto& history = pool.history;
  while (!history.empty() && done.at - history.front().at > options_.rate_window) history.pop_front();
  history.push_back(done);
  const auto elapsed = std::chrono::duration<double>(done.at - history.front().at);
  const auto records = std::max<std::int64_t>(0, done.records - history.front().records);
  pool.state.rate_1m = elapsed.count() > 0 ? static_cast<double>(records) / elapsed.count() : 0;
}

void PoolWatch::note(const Status& looked) {
  const bool failing = !looked.has_value();
  if (failing == failing_) return;
  failing_ = failing;
  if (failing)
    log::warn("lag of the pools unknown", {{"detail", looked.error().detail}});
  else
    log::info("lag of the pools known again");
}

}  // namespace penstock::admin
