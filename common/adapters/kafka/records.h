// Between librdkafka's messages, partitions and offsets and the port's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/adapters/kafka/handles.h"
#include "common/ports/event_log.h"

namespace penstock::kafka {

// The topic's name without the prefix that all of ours have.
std::string short_topic(std::string_view topic, std::string_view prefix);

// "payments/0,payments/3 and 7 more": for a log line, which is to stay one.
std::string some_of(const std::vector<TopicPartition>& partitions);

// Copies everything; the message can go.
StoredRecord to_stored_record(const rd_kafka_message_t& message, std::string_view prefix);

// Whether that is wrong with a record, or with all those that it was stored with. Clients go on behind them.
bool is_damage(rd_kafka_resp_err_t code) noexcept;
// Corrupt, saying where; for a message with such a code.
Error damage_error(const rd_kafka_message_t& message);

// Each offset is a time in Unix milliseconds, or one of the two special ones of Kafka's ListOffsets request
// (RD_KAFKA_OFFSET_BEGINNING, RD_KAFKA_OFFSET_END), and becomes the first offset of that time or later; negative
// when there is none. One round trip; blocks until the deadline at most.
Status fill_with_offsets(rd_kafka_t* client, rd_kafka_topic_partition_list_t& partitions,
                         Milliseconds deadline);

enum class Edge { start, end };
// Sets each offset to where its partition starts or ends now. As fill_with_offsets() otherwise.
Status fill_with_edges(rd_kafka_t* client, rd_kafka_topic_partition_list_t& partitions, Edge edge,
                       Milliseconds deadline);

}  // namespace penstock::kafka
