// Kafka logs for tests, each on topics of its own.
#pragma once

#include <memory>
#include <string>

#include "common/adapters/kafka/options.h"
#include "tests/contract/event_log/contract.h"

namespace penstock {

// Where tests/run started Kafka; empty, and a failure of the test, when it did not.
std::string kafka_brokers();

// With a topic prefix that nothing else uses.
KafkaOptions kafka_options(std::string brokers);

std::unique_ptr<LogHarness> make_kafka(LogLimits limits);

}  // namespace penstock
