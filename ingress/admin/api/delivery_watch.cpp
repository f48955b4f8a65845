#include "ingress/admin/api/delivery_watch.h"

#include <set>

#include "workers/deliveries/publish.h"
#include "workers/domain/state/outbound_rows.h"
#include "workers/runtime/due_rows.h"
#include "workers/runtime/pools.h"

namespace penstock::admin {
namespace {

constexpr std::size_t kUnpublishedCountedMax = 1'000;
constexpr std::size_t kEndpointsLookedAtMax = 500;
constexpr Table kEndpointsByDueTime = by_due_time<DeliveryEndpoint>("due_at");

prometheus::Gauge& gauge(Metrics& metrics, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(metrics.registry()).Add({});
}

Result<std::vector<DeliveryEndpoint>> endpoints_in_order_of_due_time(Store& store) {
  ListQuery query;
  query.order = ListOrder::oldest_first;
  query.limit = kEndpointsLookedAtMax;
  TRY(const auto rows, store.list(kEndpointsByDueTime, query));
  std::vector<DeliveryEndpoint> endpoints;
  for (const auto& row : rows) {
    TRY(auto endpoint, from_row<DeliveryEndpoint>(row));
    endpoints.push_back(std::move(endpoint));
  }
  return endpoints;
}

}  // namespace

DeliveryWatch::DeliveryWatch(Store& store, const Clock& clock, Metrics& metrics,
                             const PoolWatchOptions& options)
    : store_(store),
      clock_(clock),
      stuck_after_(options.stuck_after),
      rate_window_(options.rate_window),
      unpublished_(gauge(metrics, "penstock_outbound_unpublished_events",
                         "Outbound events that have no place in the feed yet, a thousand at most")),
      oldest_seconds_(gauge(metrics, "penstock_outbound_oldest_seconds",
                            "For how long the oldest event, or due endpoint, has waited for a worker")),
      looking_(options.interval, [this] {
        if (const auto looked = look(); !looked) note(looked.error());
      }) {}

std::optional<PoolState> DeliveryWatch::state() {
  const std::lock_guard lock(mutex_);
  return seen_;
}

Status DeliveryWatch::look() {
  TRY(const auto unpublished, count_unpublished(store_, kUnpublishedCountedMax));
  TRY(const auto endpoints, endpoints_in_order_of_due_time(store_));
  TRY(const auto place, last_place(store_));
  const Timestamp now = clock_.now();
  Timestamp oldest = now;
  oldest = std::min(oldest, unpublished.since.value_or(now));
  if (!endpoints.empty()) oldest = std::min(oldest, *endpoints.front().due_at);
  std::set<std::string> workers;
  for (const auto& endpoint : endpoints)
    if (endpoint.leased_by && *endpoint.due_at > now) workers.insert(*endpoint.leased_by);

  PoolState state;
  state.name = kDeliveriesPool;
  state.lag = static_cast<std::int64_t>(unpublished.events);
  state.oldest_age = std::chrono::floor<std::chrono::seconds>(now - oldest);
  state.members = static_cast<std::int64_t>(workers.size());
  if (now - oldest >= stuck_after_) {
    state.state = PoolActivity::stuck;
    state.last_error = "no worker of the pool publishes these events, or takes these endpoints";
  } else if (unpublished.events > 0 || !workers.empty()) {
    state.state = PoolActivity::running;
  }
  state.as_of = now;
  unpublished_.Set(static_cast<double>(state.lag));
  oldest_seconds_.Set(static_cast<double>(state.oldest_age.count()));

  state.rate_1m = rate(place);
  const std::lock_guard lock(mutex_);
  const bool is_new = !seen_ || seen_->state != state.state;
  state.since = state.state == PoolActivity::stuck ? oldest : is_new ? now : seen_->since;
  seen_ = std::move(state);
  return ok();
}

// What cannot be seen is as it was, but for that.
void DeliveryWatch::note(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (!seen_)
    seen_ = PoolState{.name = std::string(kDeliveriesPool), .since = clock_.now(), .as_of = clock_.now()};
  if (seen_->state != PoolActivity::stuck) seen_->state = PoolActivity::backing_off;
  seen_->last_error =
      std::string("the store: ").append(to_string(error.code)).append(": ").append(error.detail);
}

// Events published a second.
double DeliveryWatch::rate(std::int64_t place) {
  const Milliseconds now = clock_.uptime();
  samples_.push_back({now, place});
  while (samples_.size() > 2 && samples_[1].at <= now - rate_window_) samples_.pop_front();
  const auto took = std::chrono::duration<double>(now - samples_.front().at).count();
  return took > 0 ? static_cast<double>(place - samples_.front().place) / took : 0;
}

}  // namespace penstock::admin
