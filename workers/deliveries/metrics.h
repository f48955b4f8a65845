// What the deliveries pool counts. One instance a process; for one thread.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <cstddef>
#include <map>

#include "common/observe/metrics.h"
#include "workers/deliveries/verdict.h"

namespace penstock {

class DeliveryMetrics {
 public:
  explicit DeliveryMetrics(Metrics& metrics);

  void published(std::size_t events) { published_.Increment(static_cast<double>(events)); }
  void attempted(Verdict verdict) { attempts_.at(verdict)->Increment(); }
  void failed_for_good() { failed_.Increment(); }
  void holds(std::size_t endpoints, std::size_t in_flight);

 private:
  prometheus::Counter& published_;
  std::map<Verdict, prometheus::Counter*> attempts_;
  prometheus::Counter& failed_;
  prometheus::Gauge& endpoints_;
  prometheus::Gauge& in_flight_;
};

}  // namespace penstock
