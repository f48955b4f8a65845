// The event log on Kafka (librdkafka): what production acknowledges into.
#pragma once

#include <memory>

#include "common/adapters/kafka/options.h"
#include "common/ports/event_log.h"

namespace penstock {

// EventLog's guarantees with acks=all and an idempotent producer. Opening does not wait for the cluster:
// while it is away, appends are answered with errors by their deadline, and everything works again once it is
// back. Call ready() before the first append: it fetches what that append would wait for. Errors: invalid,
// naming the option.
Result<std::unique_ptr<EventLog>> open_kafka_log(const KafkaOptions& options);

}  // namespace penstock
