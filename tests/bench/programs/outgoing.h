// Outbound events in numbers, the endpoints that are told of them, and what their receiver says: what the benchmarks of outgoing webhooks
// and of the feed begin with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/ports/clock.h"
#include "common/ports/store_adapter.h"
#include "common/registry/table.h"
#include "workers/domain/state/event_rows.h"

namespace penstock::bench {

// postgresql://… or sqlite:FILE, brought to its version.
std::unique_ptr<StoreAdapter> open_migrated_store(const std::string& address);

// The secret by which all endpoints are signed to.
extern const std::string kOutgoingSecret;

// The n-th endpoint: a config of an org that has a hundred of them at most, and asks for one type of its own.
std::string endpoint_org(std::size_t n);
std::string endpoint_type(std::size_t n);
// Change of each org, for endpoints whose URLs these are.
std::vector<registry::Change> make_endpoints(const std::vector<std::string>& urls);

// The n-th event, with data of 1 KiB that begins with its number.
OutboxRow make_outbound_event(std::size_t n, std::string org, std::string type);
// In one transaction.
void write_events(Store& store, const Clock& clock, std::vector<OutboxRow> events);
// 500 in each.
void write_all_events(Store& store, const Clock& clock, std::vector<OutboxRow> events);

struct Arrival {
  std::uint64_t event;
  std::int64_t at_ns;  // by CLOCK_MONOTONIC
};
// Waits until as many have arrived at bench_sink on that port, and has them forgotten there. Exits after two minutes.
std::vector<Arrival> wait_for_arrivals(std::uint16_t port, std::size_t count);

}  // namespace penstock::bench
