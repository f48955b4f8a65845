#include "common/adapters/kafka/records.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "common/core/check.h"

namespace penstock::kafka {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Milliseconds kAskAgainAfter{50};

std::string to_string(const void* bytes, std::size_t size) {
  return size == 0 ? std::string() : std::string(static_cast<const char*>(bytes), size);
}

Headers headers_of(const rd_kafka_message_t& message) {
  Headers headers;
  rd_kafka_headers_t* stored = nullptr;
  if (rd_kafka_message_headers(&message, &stored) != RD_KAFKA_RESP_ERR_NO_ERROR) return headers;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(stored, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    headers.emplace_back(name, to_string(value, size));
  return headers;
}

rd_kafka_resp_err_t ask_offsets(rd_kafka_t* client, rd_kafka_topic_partition_list_t& partitions,
                                Milliseconds deadline) {
  const auto failed = rd_kafka_offsets_for_times(client, &partitions, static_cast<int>(deadline.count()));
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return failed;
  for (int i = 0; i < partitions.cnt; ++i)
    if (partitions.elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) return partitions.elems[i].err;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// A broker says so for a moment of a partition that it was just made, or given.
bool is_about_to_lead(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION || code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
}

}  // namespace

std::string short_topic(std::string_view topic, std::string_view prefix) {
  CHECK(topic.starts_with(prefix));
  return std::string(topic.substr(prefix.size()));
}

std::string some_of(const std::vector<TopicPartition>& partitions) {
  constexpr std::size_t kNamesMax = 10;
  std::string names;
  for (std::size_t i = 0; i < std::min(partitions.size(), kNamesMax); ++i)
    names += (i == 0 ? "" : ",") + partitions[i].topic + "/" + std::to_string(partitions[i].partition.value);
  if (partitions.size() > kNamesMax)
    names += " and " + std::to_string(partitions.size() - kNamesMax) + " more";
  return names;
}

StoredRecord to_stored_record(const rd_kafka_message_t& message, std::string_view prefix) {
  rd_kafka_timestamp_type_t kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  return {.position = {short_topic(rd_kafka_topic_name(message.rkt), prefix), Partition{message.partition},
                       Offset{message.offset}},
          .appended_at = timestamp_from_unix_ms(rd_kafka_message_timestamp(&message, &kind)),
          .key = to_string(message.key, message.key_len),
          .value = to_string(message.payload, message.len),
          .headers = headers_of(message),
          .deletion = message.payload == nullptr};
}

bool is_damage(rd_kafka_resp_err_t code) noexcept {
  return code == RD_KAFKA_RESP_ERR__BAD_MSG || code == RD_KAFKA_RESP_ERR__BAD_COMPRESSION ||
         code == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

Error damage_error(const rd_kafka_message_t& message) {
  return {ErrorCode::corrupt, std::string("kafka topic ") + rd_kafka_topic_name(message.rkt) + " partition " +
                                  std::to_string(message.partition) + " is damaged at offset " +
                                  std::to_string(message.offset) + ": " + rd_kafka_err2str(message.err)};
}

Status fill_with_offsets(rd_kafka_t* client, rd_kafka_topic_partition_list_t& partitions,
                         Milliseconds deadline) {
  const auto until = SteadyClock::now() + deadline;
  while (true) {
    const Partitions asked(rd_kafka_topic_partition_list_copy(&partitions));
    const auto left = std::chrono::ceil<Milliseconds>(until - SteadyClock::now());
    const auto code = ask_offsets(client, *asked, left);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      for (int i = 0; i < partitions.cnt; ++i) partitions.elems[i].offset = asked->elems[i].offset;
      return ok();
    }
    if (!is_about_to_lead(code) || SteadyClock::now() + kAskAgainAfter >= until)
      return error_of(code, "kafka offsets");
    std::this_thread::sleep_for(kAskAgainAfter);
  }
}

Status fill_with_edges(rd_kafka_t* client, rd_kafka_topic_partition_list_t& partitions, Edge edge,
                       Milliseconds deadline) {
  for (int i = 0; i < partitions.cnt; ++i)
    partitions.elems[i].offset = edge == Edge::start ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END;
  return fill_with_offsets(client, partitions, deadline);
}

}  // namespace penstock::kafka
