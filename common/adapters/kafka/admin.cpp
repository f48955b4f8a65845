#include "common/adapters/kafka/admin.h"

#include <array>

namespace penstock::kafka {

Result<Metadata> fetch_metadata(rd_kafka_t* client, const std::string& topic, Milliseconds deadline) {
  const TopicHandle handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* answer = nullptr;
  const auto failed = rd_kafka_metadata(client, 0, handle.get(), &answer, static_cast<int>(deadline.count()));
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(failed, "kafka metadata");
  Metadata metadata(answer);
  if (metadata->topic_cnt != 1)
    return Error{ErrorCode::unavailable, "kafka does not know yet of topic " + topic};
  return metadata;
}

AdminOptions admin_options(rd_kafka_t* client, rd_kafka_admin_op_t operation, Milliseconds deadline) {
  AdminOptions options(rd_kafka_AdminOptions_new(client, operation));
  std::array<char, 128> why{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), static_cast<int>(deadline.count()), why.data(),
                                            why.size());
  return options;
}

Result<Event> await_admin(const Queue& answers, Milliseconds deadline, std::string_view doing) {
  Event answer(rd_kafka_queue_poll(answers.get(), static_cast<int>(deadline.count())));
  if (!answer) return error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, doing);
  const auto failed = rd_kafka_event_error(answer.get());
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(failed, doing);
  return answer;
}

}  // namespace penstock::kafka
