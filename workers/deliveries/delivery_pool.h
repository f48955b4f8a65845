// The pool `deliveries`: publishes outbound events and delivers them, on a thread of its own.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "common/async/periodic.h"
#include "common/async/task_pool.h"
#include "workers/deliveries/dispatcher.h"
#include "workers/runtime/pool_watchdog.h"

namespace penstock {

struct DeliveryPoolOptions {
  DispatcherOptions dispatcher;
  std::string store_address;  // for messages
  Milliseconds stuck_after{15'000};
};

// All must outlive it.
struct DeliveryPoolPorts {
  Store& store;
  HttpSender& sender;
  const registry::Table& settings;
  const Clock& clock;
  Metrics& metrics;
  // DispatcherPorts::disable, but for that it may block; called on a thread of its own. An error is logged.
  std::function<Status(const std::string& endpoint)> disable;
};

// Starts on construction.
class DeliveryPool {
 public:
  DeliveryPool(DeliveryPoolOptions options, const DeliveryPoolPorts& ports);
  // Ends what is under way, for some seconds at most, and gives its endpoints back.
  ~DeliveryPool();

  // Unavailable while nothing is published or sent although it should be: since when, and why. Any thread; does not block.
  Status ready() const { return watchdog_.ready(); }

 private:
  void run(const std::stop_token& stop);
  Status turn(Dispatcher& dispatcher, bool& more);
  void disable(const std::string& endpoint);

  const DeliveryPoolOptions options_;
  const DeliveryPoolPorts ports_;
  DeliveryMetrics metrics_;
  PoolHealth health_;
  PoolWatchdog watchdog_;
  TaskPool disabling_{1, 100};
  std::jthread thread_;
  Periodic looking_;  // the watchdog's
  Periodic alerting_;
};

}  // namespace penstock
