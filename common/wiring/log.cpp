#include "common/wiring/log.h"

#include <algorithm>

#include "common/adapters/sqlite/event_log.h"
#include "common/catalogue/catalogue.h"

namespace penstock {

Result<std::unique_ptr<EventLog>> open_log(const Settings& settings, const Clock& clock, Metrics& metrics) {
  const auto* sqlite = std::get_if<SqliteUrl>(&settings.log);
  if (sqlite == nullptr) return open_kafka_log(settings, metrics);
  SqliteLogOptions options;
  options.file = sqlite->path;
  options.log.record_bytes_max = record_bytes_max(settings);
  options.log.parked_topic = kParkedTopic;
  options.log.queue_bytes_max = std::max(options.log.queue_bytes_max, 8 * options.log.record_bytes_max);
  TRY(auto log, open_sqlite_log(options, clock));
  return std::unique_ptr<EventLog>(std::move(log));
}

}  // namespace penstock
