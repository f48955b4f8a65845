#include "common/wiring/kafka_log.h"

#include <prometheus/counter.h>

#include <algorithm>

#include "common/adapters/kafka/event_log.h"
#include "common/catalogue/catalogue.h"
#include "common/core/check.h"
#include "common/registry/sealed.h"
#include "common/workflows/waiting_run.h"

namespace penstock {

KafkaOptions kafka_options(const Settings& settings) {
  const auto* kafka = std::get_if<KafkaUrl>(&settings.log);
  CHECK(kafka != nullptr);
  KafkaOptions options;
  options.brokers = kafka->brokers;
  options.topic_prefix = settings.topic_prefix;
  options.linger = settings.kafka_linger;
  options.append_deadline = settings.ack_timeout;
  options.record_bytes_max = static_cast<int>(record_bytes_max(settings));
  options.parked_topic = kParkedTopic;
  options.dead_letter_bytes = 16 * 1024;
  // Room for several of the largest at once.
  options.queue_kbytes_max = std::max(options.queue_kbytes_max, 8 * options.record_bytes_max / 1024);
  options.instance_id = settings.worker_instance;
  options.retention = settings.inbox_retention;
  options.partitions = settings.kafka_partitions;
  options.replication_factor = settings.kafka_replication;
  options.min_insync = settings.kafka_min_insync;
  return options;
}

Result<std::unique_ptr<EventLog>> open_kafka_log(const Settings& settings, Metrics& metrics) {
  auto& replaced = prometheus::BuildCounter()
                       .Name("penstock_log_producers_replaced_total")
                       .Help("Producers replaced after a fatal error")
                       .Register(metrics.registry())
                       .Add({});
  KafkaOptions options = kafka_options(settings);
  options.on_producer_replaced = [&replaced] { replaced.Increment(); };
  return open_kafka_log(options);
}

std::size_t record_bytes_max(const Settings& settings) {
  constexpr std::size_t kHeadersAndKey = 64 * 1024;
  return std::max<std::size_t>(1 << 20, settings.body_bytes_max.count + kHeadersAndKey);
}

std::vector<std::string> topics_in_use() {
  std::vector<std::string> topics = Catalogue::builtin().topics();
  topics.emplace_back(kParkedTopic);
  topics.emplace_back(registry::kSettingsTopic);
  topics.emplace_back(kClaimsTopic);
  topics.emplace_back(kWaitsTopic);
  return topics;
}

}  // namespace penstock
