// The log on Kafka, as the settings say: all that the ingress links.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/adapters/kafka/options.h"
#include "common/config/settings.h"
#include "common/observe/metrics.h"
#include "common/ports/event_log.h"

namespace penstock {

// `settings.log` must name Kafka.
KafkaOptions kafka_options(const Settings& settings);

// The same. Counts replaced producers. The metrics must outlive the log.
Result<std::unique_ptr<EventLog>> open_kafka_log(const Settings& settings, Metrics& metrics);

// What a log must be able to take: the largest body with its headers and key. The limits of topics and
// clients follow from it.
std::size_t record_bytes_max(const Settings& settings);

// The topics this version writes or reads, in the order they are created.
std::vector<std::string> topics_in_use();

}  // namespace penstock
