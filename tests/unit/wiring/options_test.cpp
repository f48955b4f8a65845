// What the adapters and the workers are told of the settings.
#include <gtest/gtest.h>

#include "common/wiring/kafka_log.h"
#include "workers/options.h"

namespace penstock {
namespace {

using std::chrono::seconds;

Settings kafka_settings() {
  Settings settings;
  settings.log = parse_log_url("kafka://h1:9092").value();
  return settings;
}

TEST(OptionsOfSettings, KafkaIsToldWhatItsTopicsAreToBeLike) {
  Settings settings = kafka_settings();
  settings.topic_prefix = "p.";
  settings.kafka_partitions = 5;
  settings.kafka_replication = 4;
  settings.kafka_min_insync = 3;
  settings.inbox_retention = std::chrono::hours{1};
  settings.body_bytes_max = {2 << 20};
  const KafkaOptions options = kafka_options(settings);
  EXPECT_EQ(options.brokers, "h1:9092");
  EXPECT_EQ(options.topic_prefix, "p.");
  EXPECT_EQ(options.partitions, 5);
  EXPECT_EQ(options.replication_factor, 4);
  EXPECT_EQ(options.min_insync, 3);
  EXPECT_EQ(options.retention, std::chrono::hours{1});
  EXPECT_GT(options.record_bytes_max, 2 << 20);
}

TEST(OptionsOfSettings, ADeadLetterIsWaitedForUntilTheLogHasGivenItUp) {
  for (const Milliseconds ack_timeout : {seconds{1}, seconds{60}}) {
    Settings settings = kafka_settings();
    settings.ack_timeout = ack_timeout;
    EXPECT_GT(pools_options(settings, {}).worker.park_deadline, kafka_options(settings).append_deadline);
  }
}

}  // namespace
}  // namespace penstock
