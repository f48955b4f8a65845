#include "common/wiring/readiness_checks.h"

#include "common/observe/log.h"
#include "common/wiring/addresses.h"
#include "common/wiring/kafka_log.h"

namespace penstock {

ReadinessCheck log_check(const Settings& settings, EventSink& log) {
  return {"log", log_address(settings), [&log, topics = topics_in_use()] { return log.ready(topics); }};
}

ReadinessCheck store_check(const Settings& settings, Store& store) {
  return {"store", store_address(settings), [&store] { return store.ready(); }};
}

bool may_start(std::initializer_list<Status> first_answers) {
  for (const Status& answer : first_answers) {
    if (answer) continue;
    if (answer.error().code == ErrorCode::wrong_schema) {
      log::error("wrong schema", {{"detail", answer.error().detail}, {"run", "penstock-admin migrate"}});
      return false;
    }
    log::warn("not reachable yet", {{"detail", answer.error().detail}});
  }
  return true;
}

Status migrate(LogAdmin& log, StoreAdmin& store) {
  TRY_STATUS(log.create_topics(topics_in_use()));
  return store.migrate();
}

}  // namespace penstock
