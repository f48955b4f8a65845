#include "ingress/listeners/readiness_checks.h"

#include "common/wiring/addresses.h"
#include "common/wiring/kafka_log.h"

namespace penstock {

ReadinessCheck log_check(const Settings& settings, EventLog& log) {
  return {"log", log_address(settings), [&log, topics = topics_in_use()] { return log.ready(topics); }};
}

ReadinessCheck log_check(const Settings& settings, LogCircuit& circuit) {
  return {"log", log_address(settings),
          [&circuit, topics = topics_in_use()] { return circuit.ready(topics); }};
}

ReadinessCheck store_check(const Settings& settings, Store& store) {
  return {"store", store_address(settings), [&store] { return store.ready(); }};
}

}  // namespace penstock
