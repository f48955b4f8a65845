// The counters of one server. Updated without locks, from any of its threads.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <array>
#include <vector>

#include "common/http/server/server.h"

namespace penstock::http {

class ServerMetrics {
 public:
  ServerMetrics(Metrics& metrics, const std::string& prefix, const std::vector<Route>& routes);

  // One answer of a route (its index), by the class of its status: ok, refused (4xx) or failed (5xx).
  void answered(std::size_t route, int status) noexcept;
  void refused(Refusal refusal) noexcept { refused_[static_cast<std::size_t>(refusal)]->Increment(); }
  void connection_opened() noexcept { connections_.Increment(); }
  void connection_closed() noexcept { connections_.Decrement(); }

 private:
  struct Outcomes {
    prometheus::Counter* ok;
    prometheus::Counter* refused;
    prometheus::Counter* failed;
  };
  std::vector<Outcomes> routes_;
  std::array<prometheus::Counter*, kRefusals> refused_{};
  prometheus::Gauge& connections_;
};

}  // namespace penstock::http
