#include "workers/deliveries/delivery_pool.h"

#include "common/observe/log.h"
#include "workers/deliveries/publish.h"

namespace penstock {
namespace {

constexpr std::string_view kPool = "deliveries";
// How long an event may stand in the outbox before it is looked at.
constexpr Milliseconds kLookInterval{20};
// While the store is away.
constexpr Milliseconds kRetryInterval{500};
// What is under way when the program ends has so long to come back.
constexpr Milliseconds kDrainTime{5'000};

}  // namespace

DeliveryPool::DeliveryPool(DeliveryPoolOptions options, const DeliveryPoolPorts& ports)
    : options_(std::move(options)),
      ports_(ports),
      metrics_(ports.metrics),
      health_(std::string(kPool), ports.clock, options_.stuck_after),
      watchdog_({&health_}, ports.clock, ports.metrics),
      thread_([this](const std::stop_token& stop) { run(stop); }),
      looking_(kWatchdogLookInterval, [this] { watchdog_.look(); }),
      alerting_(kWatchdogAlertInterval, [this] { watchdog_.raise_alerts(ports_.store); }) {}

DeliveryPool::~DeliveryPool() {
  thread_.request_stop();
  thread_.join();
}

void DeliveryPool::run(const std::stop_token& stop) {
  Dispatcher dispatcher(options_.dispatcher,
                        {ports_.store, ports_.sender, ports_.settings, ports_.clock, metrics_,
                         [this](const std::string& endpoint) { disable(endpoint); }});
  log::info("pool started", {{"pool", kPool}});
  while (!stop.stop_requested()) {
    bool more = false;
    const auto done = turn(dispatcher, more);
    if (!done) health_.failed(done.error(), options_.store_address);
    if (!more) dispatcher.wait(done ? kLookInterval : kRetryInterval);
  }
  if (const auto closed = dispatcher.close(kDrainTime); !closed)
    log::warn("deliveries could not be given back, others have them when their leases end",
              {{"detail", closed.error().detail}});
  log::info("pool stopped", {{"pool", kPool}});
}

// `more` becomes true when there is more to publish.
Status DeliveryPool::turn(Dispatcher& dispatcher, bool& more) {
  Result<std::size_t> publishing = std::size_t{0};
  if (const auto& settings = ports_.settings.current(); settings.filled())
    publishing = publish_events(ports_.store, settings, ports_.clock);
  TRY_STATUS(dispatcher.turn());  // also where nothing can be published: what was is sent
  TRY(const std::size_t published, publishing);
  metrics_.published(published);
  more = published > 0;
  if (published > 0 || dispatcher.in_flight() > 0)
    health_.applied(published);
  else
    health_.has_nothing_to_do();
  return ok();
}

void DeliveryPool::disable(const std::string& endpoint) {
  const bool taken = disabling_.submit([this, endpoint] {
    const auto disabled = ports_.disable(endpoint);
    if (!disabled)
      log::warn("an endpoint that is gone could not be disabled, its next 410 tries again",
                {{"endpoint", endpoint}, {"detail", disabled.error().detail}});
  });
  if (!taken)
    log::warn("an endpoint that is gone is not disabled yet, its next 410 tries again",
              {{"endpoint", endpoint}});
}

}  // namespace penstock
