// The settings as the workers take them.
#pragma once

#include <algorithm>

#include "common/config/settings.h"
#include "common/crypto/crypto.h"
#include "common/wiring/addresses.h"
#include "common/wiring/registry.h"
#include "common/wiring/seen_set.h"
#include "workers/deliveries/delivery_pool.h"
#include "workers/deliveries/disable_config.h"
#include "workers/domain/event/policy.h"
#include "workers/runtime/pools.h"
#include "workers/sources/ads/ads.h"
#include "workers/sources/api/api.h"
#include "workers/sources/auth/auth.h"
#include "workers/sources/connectors/connectors.h"
#include "workers/sources/events/events.h"
#include "workers/sources/partners/partners.h"
#include "workers/sources/stripe/stripe.h"

namespace penstock {

inline Policy policy_of(const Settings& settings) {
  return {settings.trust_connected_accounts, settings.payout_retry_schedule, settings.lookup_schedule};
}

inline PoolsOptions pools_options(const Settings& settings, std::vector<std::string> pools) {
  PoolsOptions options{std::move(pools), settings.topic_prefix, {}, settings.pool_stuck_after};
  options.worker.batch_events_max = static_cast<std::size_t>(settings.batch_records_max);
  options.worker.poll_wait = settings.batch_wait;
  // An append that is given up while the log still tries would be made twice.
  options.worker.park_deadline =
      std::max(options.worker.park_deadline, settings.ack_timeout + std::chrono::seconds{5});
  options.worker.log_address = log_address(settings);
  options.worker.store_address = store_address(settings);
  return options;
}

inline DeliveryPoolOptions delivery_pool_options(const Settings& settings) {
  DeliveryPoolOptions options;
  options.dispatcher.worker = crypto::to_hex(crypto::random_bytes(8));
  options.dispatcher.schedule = settings.outbound_schedule;
  options.dispatcher.timeout = settings.outbound_timeout;
  options.dispatcher.lease = std::max(options.dispatcher.lease, 2 * settings.outbound_timeout);
  options.store_address = store_address(settings);
  options.stuck_after = settings.pool_stuck_after;
  return options;
}

inline DeliveryPoolPorts delivery_pool_ports(Store& store, HttpSender& sender, const Registry& registry,
                                             EventSink& log, const Clock& clock, Metrics& metrics) {
  const SettingPorts settings{store, log, registry.sealer(), registry.table(), clock};
  return {
      store, sender,  registry.table(),
      clock, metrics, [settings](const std::string& endpoint) { return disable_config(settings, endpoint); }};
}

// Who reads what the doors take in: a line a source.
inline Sources sources_of(const Settings& settings) {
  return Sources({
      stripe_source(settings.stripe_mode),
      partner_source(),
      ads_source(),
      api_source(),
      auth_source(),
      connector_source(),
      published_source(),
  });
}

inline PoolsPorts pools_ports(const Settings& settings, EventLog& event_log, Store& store,
                              const Clock& clock) {
  return {event_log, store, clock, sources_of(settings),
          [&settings, &store] { return open_seen_set(settings, store); }};
}

}  // namespace penstock
