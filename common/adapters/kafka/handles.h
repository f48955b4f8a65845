// Owners of librdkafka's C handles, and its error codes as penstock::Error.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string_view>

#include "common/core/result.h"

namespace penstock::kafka {

template <auto destroy>
struct Destroy {
  template <class T>
  void operator()(T* handle) const noexcept {
    destroy(handle);
  }
};

// Destroying a consumer this way does not close it first: closing may hang, and is bounded elsewhere. So may destroying: librdkafka 2.0 waits
// for the thread of a broker that does not end, where topics may no longer be read. After five seconds the client is left behind, which is
// said; nothing calls back for it then, as nobody polls it.
void destroy_unclosed(rd_kafka_t* handle) noexcept;
inline void destroy_metadata(const rd_kafka_metadata_t* metadata) noexcept {
  rd_kafka_metadata_destroy(metadata);
}

using Handle = std::unique_ptr<rd_kafka_t, Destroy<destroy_unclosed>>;
using Conf = std::unique_ptr<rd_kafka_conf_t, Destroy<rd_kafka_conf_destroy>>;
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, Destroy<rd_kafka_topic_destroy>>;
using Message = std::unique_ptr<rd_kafka_message_t, Destroy<rd_kafka_message_destroy>>;
using Partitions =
    std::unique_ptr<rd_kafka_topic_partition_list_t, Destroy<rd_kafka_topic_partition_list_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_destroy>>;
using HeaderList = std::unique_ptr<rd_kafka_headers_t, Destroy<rd_kafka_headers_destroy>>;
using CallError = std::unique_ptr<rd_kafka_error_t, Destroy<rd_kafka_error_destroy>>;
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, Destroy<destroy_metadata>>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Destroy<rd_kafka_AdminOptions_destroy>>;
using ConfigResource = std::unique_ptr<rd_kafka_ConfigResource_t, Destroy<rd_kafka_ConfigResource_destroy>>;
using NewPartitions = std::unique_ptr<rd_kafka_NewPartitions_t, Destroy<rd_kafka_NewPartitions_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Destroy<rd_kafka_NewTopic_destroy>>;
using GroupOffsetsQuery =
    std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t, Destroy<rd_kafka_ListConsumerGroupOffsets_destroy>>;

// `doing` is a few words for the operator ("kafka commit").
Error error_of(rd_kafka_resp_err_t code, std::string_view doing);

}  // namespace penstock::kafka
