// Sends what is pending: takes endpoints on lease, sends to each what is due, the longest due first, and writes what came of it.
//
// Every delivery is attempted at least once: what a worker that died had sent, and had not written, is sent again when its lease
// has ended, under the same id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "common/ports/http_sender.h"
#include "common/registry/table.h"
#include "workers/deliveries/endpoints.h"
#include "workers/deliveries/leases.h"
#include "workers/deliveries/metrics.h"
#include "workers/deliveries/pacing.h"
#include "workers/deliveries/pending.h"
#include "workers/deliveries/results.h"

namespace penstock {

struct DispatcherOptions {
  std::string worker;  // LeaseTerms::worker
  std::vector<Milliseconds> schedule;
  Milliseconds timeout{15'000};       // of an attempt
  Milliseconds lease{30'000};         // longer than that
  std::size_t endpoints_max = 1'000;  // without those to which something is under way
  std::size_t in_flight_max = 1'024;
};

// All must outlive it.
struct DispatcherPorts {
  Store& store;
  HttpSender& sender;
  const registry::Table& settings;
  const Clock& clock;
  DeliveryMetrics& metrics;
  // Has the config of that endpoint disabled, some time soon: its receiver has said that it is gone. Must not block.
  std::function<void(const std::string& endpoint)> disable;
};

// For one thread.
class Dispatcher {
 public:
  Dispatcher(DispatcherOptions options, const DispatcherPorts& ports);
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // One turn: writes what has come back, takes and gives back endpoints, sends. Errors: the store's; then what came back is written
  // next time, before anything more is sent. Blocks on the store alone.
  Status turn();

  // Until something has come back, and a moment longer for what comes with it; for `at_most`.
  void wait(Milliseconds at_most);

  // Begins nothing more, writes what comes back for `at_most`, and gives all endpoints back for others to go on with. What is not back
  // by then is sent again by whoever has its endpoint next, when its lease has ended. Blocks.
  Status close(Milliseconds at_most);

  std::size_t in_flight() const noexcept { return in_flight_; }

 private:
  struct Owned {
    std::uint64_t lease = 0;  // which of this worker's: what was sent under one before it counts for no other
    DeliveryEndpoint endpoint;  // its breaker as it is now
    Pace pace;
    Milliseconds leased_until{};  // by Clock::uptime(), so that no clock that is set back keeps it
    std::uint64_t looked_in = 0;  // the last look at it
    std::int64_t looked_rev = 0;
    std::optional<Timestamp> looked_at;  // none: it is to be looked at again
    std::optional<Timestamp> next_due;   // of what is pending and not due yet
    std::deque<Delivery> waiting;
    std::set<std::string> in_hand;  // ids of those that wait here, are under way, or are back and not written
    std::size_t in_flight = 0;
  };
  struct Parcel {
    Delivery delivery;
    EndpointTerms terms;
    std::uint64_t lease;
  };
  // What has come back, and is not written.
  struct Returned {
    SentDelivery sent;
    std::uint64_t lease;
  };
  struct Inbox;

  LeaseTerms lease_terms() const;
  Status settle();
  void take_back();
  Status write(std::span<const Returned> batch);
  void note(const SentDelivery& sent, const Delivery& settled, Owned* owned);
  Owned* find_owned(const std::string& endpoint, std::uint64_t lease);
  Status raise_alerts();
  Status renew();
  Status claim();
  std::vector<PendingOf> to_be_looked_at(Timestamp now);
  Status look();
  std::vector<Parcel> choose();
  bool may_send(const Owned& owned, const EndpointTerms& terms) const;
  std::size_t free_places() const;
  bool is_crowded_out(const Owned& owned) const;
  Status send(std::vector<Parcel> parcels);
  bool send(const Parcel& parcel, const Messages& messages);
  void take_refusal(Returned returned, std::size_t bytes);
  void put_back(Parcel parcel);
  Result<bool> give_back();
  double luck() { return std::uniform_real_distribution<double>(0, 1)(random_); }

  const DispatcherOptions options_;
  const DispatcherPorts ports_;
  const Breaker breaker_;
  std::map<std::string, Owned> owned_;
  std::string served_last_;  // the endpoint after which the next turn begins
  std::size_t in_flight_ = 0;
  std::size_t bytes_in_flight_ = 0;
  std::vector<Returned> unwritten_;
  std::uint64_t leases_ = 0;
  std::optional<Milliseconds> overlong_looked_at_;
  std::uint64_t looks_ = 0;
  std::map<std::string, std::string> alerts_;  // to be raised: what has failed for good, by endpoint
  const std::shared_ptr<Inbox> inbox_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace penstock
