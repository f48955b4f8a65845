// How Penstock uses a Kafka cluster. Sizes and times of librdkafka that depend on
// nothing here are in settings.cpp.
#pragma once

#include <functional>
#include <string>

#include "common/core/time.h"
#include "common/ports/log_admin.h"

namespace penstock {

struct KafkaOptions {
  std::string brokers;                     // "host:port,host:port"
  std::string topic_prefix = "penstock.";  // before every short topic name
  std::string client_id = "penstock";

  // Appends.
  Milliseconds linger{1};
  Milliseconds append_deadline{5'000};
  int queue_records_max = 100'000;
  int queue_kbytes_max = 64 * 1024;
  int record_bytes_max = 1 << 20;                   // key, value and headers
  std::string parked_topic = "parked";              // dead letters, which never age out
  int dead_letter_bytes = 0;                        // what parking adds to a record's headers, at most
  std::function<void()> on_producer_replaced = {};  // after a fatal error; called from the producer's thread

  // Consumers. With an instance id the membership is static: a restart within the session timeout keeps the
  // partitions, but a clean stop gives them up only after it. Without one, a clean stop moves them at once.
  std::string instance_id = {};
  Milliseconds session_timeout{10'000};
  Milliseconds close_deadline{5'000};
  Milliseconds stalled_after{10'000};  // a partition that brings nothing for so long although it holds more
  std::size_t poll_bytes_max = 8 << 20;

  // Reading without a group.
  int scans_max = 16;                                 // open at once
  Milliseconds tail_anew_after = kDeletionsKept / 2;  // of not being up to date

  // Everything else that asks the cluster.
  Milliseconds call_deadline{5'000};

  // What topics are to be like: create_topics() makes them so, ready() insists on it.
  int partitions = 6;
  Milliseconds retention = std::chrono::hours{24 * 35};
  int replication_factor = 0;            // 0: three, or the number of brokers when there are fewer
  int min_insync = 0;                    // 0: one less than there are replicas, at least one
  Milliseconds configs_age_max{60'000};  // ready() asks for the topics' configuration so often
};

}  // namespace penstock
