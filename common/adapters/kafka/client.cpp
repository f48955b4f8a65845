#include "common/adapters/kafka/client.h"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "common/adapters/kafka/records.h"
#include "common/adapters/kafka/settings.h"

namespace penstock::kafka {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Topics of which only the newest record of each key matters (design.md §3).
constexpr std::array<std::string_view, 2> kCompacted = {"settings", "waits"};

bool is_absence(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__PARTITION_EOF || code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
         code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
}

Result<Metadata> fetch_metadata(rd_kafka_t* client, rd_kafka_topic_t* topic, Milliseconds deadline) {
  const rd_kafka_metadata_t* answer = nullptr;
  const auto failed = rd_kafka_metadata(client, 0, topic, &answer, static_cast<int>(deadline.count()));
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(failed, "kafka metadata");
  return Metadata(answer);
}

Status add_partitions(rd_kafka_t* client, const std::string& name, Milliseconds deadline,
                      rd_kafka_topic_partition_list_t& out) {
  const TopicHandle topic(rd_kafka_topic_new(client, name.c_str(), nullptr));
  TRY(const Metadata metadata, fetch_metadata(client, topic.get(), deadline));
  const rd_kafka_metadata_topic& found = metadata->topics[0];
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(found.err, "kafka topic " + name);
  for (int partition = 0; partition < found.partition_cnt; ++partition)
    rd_kafka_topic_partition_list_add(&out, name.c_str(), partition);
  return ok();
}

}  // namespace

Result<rd_kafka_t*> Client::handle() {
  const std::scoped_lock lock(handle_mutex_);
  if (!handle_) {
    TRY(Conf conf, make_conf(reader_settings(options_)));
    TRY(handle_, make_handle(RD_KAFKA_CONSUMER, std::move(conf)));
    rd_kafka_poll_set_consumer(handle_.get());
  }
  return handle_.get();
}

Result<std::optional<StoredRecord>> Client::read(const Position& position) {
  TRY(const bool exists, has_partition(position));
  if (!exists || position.offset.value < 0) return std::nullopt;
  TRY(rd_kafka_t* const client, handle());
  const std::scoped_lock lock(read_mutex_);
  const Partitions wanted(rd_kafka_topic_partition_list_new(1));
  const std::string topic = options_.topic_prefix + position.topic;
  rd_kafka_topic_partition_list_add(wanted.get(), topic.c_str(), position.partition.value)->offset =
      position.offset.value;
  const auto failed = rd_kafka_assign(client, wanted.get());
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(failed, "kafka read");
  const Message message(rd_kafka_consumer_poll(client, static_cast<int>(options_.call_deadline.count())));
  rd_kafka_assign(client, nullptr);
  if (!message) return error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, "kafka read");
  if (is_absence(message->err)) return std::nullopt;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(message->err, "kafka read");
  if (message->offset != position.offset.value) return std::nullopt;
  return to_stored_record(*message, options_.topic_prefix);
}

Result<bool> Client::has_partition(const Position& position) {
  const Result<Partitions> partitions = partitions_of({position.topic});
  if (partitions) return position.partition.value >= 0 && position.partition.value < partitions.value()->cnt;
  if (partitions.error().code == ErrorCode::wrong_schema) return false;
  return partitions.error();
}

Result<GroupProgress> Client::progress(const std::string& group, const std::string& topic) {
  TRY(rd_kafka_t* const client, handle());
  TRY(const Partitions starts, partitions_of({topic}));
  const Partitions ends(rd_kafka_topic_partition_list_copy(starts.get()));
  TRY_STATUS(fill_with_edges(client, *starts, Edge::start, options_.call_deadline));
  TRY_STATUS(fill_with_edges(client, *ends, Edge::end, options_.call_deadline));
  TRY(const Partitions committed, committed_offsets(group, starts));
  GroupProgress progress;
  TRY(progress.members, count_members(group));
  for (int i = 0; i < starts->cnt; ++i) {
    const auto& start = starts->elems[i];
    const auto* found = rd_kafka_topic_partition_list_find(committed.get(), start.topic, start.partition);
    const std::int64_t next = std::max(start.offset, found == nullptr ? start.offset : found->offset);
    progress.partitions.push_back(
        {Partition{start.partition}, Offset{next}, Offset{ends->elems[i].offset}, {}});
  }
  return progress;
}

Result<Partitions> Client::committed_offsets(const std::string& group, const Partitions& partitions) {
  TRY(rd_kafka_t* const client, handle());
  const GroupOffsetsQuery query(rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), partitions.get()));
  const AdminOptions options = admin_options(client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
  const Queue answers(rd_kafka_queue_new(client));
  rd_kafka_ListConsumerGroupOffsets_t* queries[] = {query.get()};
  rd_kafka_ListConsumerGroupOffsets(client, queries, 1, options.get(), answers.get());
  TRY(const Event answer, await_admin(answers));
  std::size_t count = 0;
  const auto* result = rd_kafka_event_ListConsumerGroupOffsets_result(answer.get());
  const auto* groups = rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count);
  if (count != 1)
    return Error{ErrorCode::internal, Retry::never, "kafka group offsets: no answer for the group"};
  if (const auto* error = rd_kafka_group_result_error(groups[0]))
    return error_of(rd_kafka_error_code(error), "kafka group offsets");
  return Partitions(rd_kafka_topic_partition_list_copy(rd_kafka_group_result_partitions(groups[0])));
}

Result<int> Client::count_members(const std::string& group) {
  TRY(rd_kafka_t* const client, handle());
  const AdminOptions options = admin_options(client, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
  const Queue answers(rd_kafka_queue_new(client));
  const char* names[] = {group.c_str()};
  rd_kafka_DescribeConsumerGroups(client, names, 1, options.get(), answers.get());
  TRY(const Event answer, await_admin(answers));
  std::size_t count = 0;
  const auto* result = rd_kafka_event_DescribeConsumerGroups_result(answer.get());
  const auto* groups = rd_kafka_DescribeConsumerGroups_result_groups(result, &count);
  if (count != 1) return Error{ErrorCode::internal, Retry::never, "kafka group: no answer for the group"};
  const auto* error = rd_kafka_ConsumerGroupDescription_error(groups[0]);
  if (error == nullptr || rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_NO_ERROR)
    return static_cast<int>(rd_kafka_ConsumerGroupDescription_member_count(groups[0]));
  if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) return 0;
  return error_of(rd_kafka_error_code(error), "kafka group");
}

Status Client::create_topics(const std::vector<std::string>& topics) {
  TRY(rd_kafka_t* const client, handle());
  int replication_factor = options_.replication_factor;
  if (replication_factor == 0) {
    TRY(const int brokers, count_brokers());
    replication_factor = std::min(3, brokers);
  }
  std::vector<NewTopic> described;
  for (const std::string& topic : topics) {
    TRY(NewTopic fresh, describe_new(topic, replication_factor));
    described.push_back(std::move(fresh));
  }
  std::vector<rd_kafka_NewTopic_t*> wanted;
  for (const NewTopic& topic : described) wanted.push_back(topic.get());
  const AdminOptions options = admin_options(client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
  const Queue answers(rd_kafka_queue_new(client));
  rd_kafka_CreateTopics(client, wanted.data(), wanted.size(), options.get(), answers.get());
  TRY(const Event answer, await_admin(answers));
  std::size_t count = 0;
  const auto* made =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = rd_kafka_topic_result_error(made[i]);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
      return error_of(code, std::string("kafka create topic ") + rd_kafka_topic_result_name(made[i]));
  }
  return wait_for_topics(topics);
}

Result<NewTopic> Client::describe_new(const std::string& topic, int replication_factor) const {
  std::array<char, 512> why{};
  NewTopic fresh(rd_kafka_NewTopic_new((options_.topic_prefix + topic).c_str(), options_.partitions,
                                       replication_factor, why.data(), why.size()));
  if (!fresh) return Error{ErrorCode::invalid, Retry::never, "kafka topic " + topic + ": " + why.data()};
  rd_kafka_NewTopic_set_config(fresh.get(), "max.message.bytes",
                               std::to_string(options_.record_bytes_max).c_str());
  rd_kafka_NewTopic_set_config(fresh.get(), "retention.ms",
                               std::to_string(options_.retention.count()).c_str());
  // With three copies an append is acknowledged by two: one broker may be lost without losing what was
  // acknowledged.
  if (replication_factor >= 3) rd_kafka_NewTopic_set_config(fresh.get(), "min.insync.replicas", "2");
  if (std::find(kCompacted.begin(), kCompacted.end(), topic) != kCompacted.end())
    rd_kafka_NewTopic_set_config(fresh.get(), "cleanup.policy", "compact");
  return fresh;
}

// A topic that was just made takes a moment to be known to every broker.
Status Client::wait_for_topics(const std::vector<std::string>& topics) {
  const auto until = SteadyClock::now() + options_.call_deadline;
  while (true) {
    Status known = check_topics(topics);
    if (known || SteadyClock::now() >= until) return known;
    std::this_thread::sleep_for(Milliseconds{50});
  }
}

Status Client::check_topics(const std::vector<std::string>& topics) {
  TRY_STATUS(partitions_of(topics));
  return ok();
}

Result<Partitions> Client::partitions_of(const std::vector<std::string>& topics) {
  TRY(rd_kafka_t* const client, handle());
  Partitions partitions(rd_kafka_topic_partition_list_new(options_.partitions));
  for (const std::string& topic : topics) {
    TRY_STATUS(add_partitions(client, options_.topic_prefix + topic, options_.call_deadline, *partitions));
  }
  return partitions;
}

Result<int> Client::count_brokers() {
  TRY(rd_kafka_t* const client, handle());
  TRY(const Metadata metadata, fetch_metadata(client, nullptr, options_.call_deadline));
  return metadata->broker_cnt;
}

AdminOptions Client::admin_options(rd_kafka_t* client, rd_kafka_admin_op_t operation) const {
  AdminOptions options(rd_kafka_AdminOptions_new(client, operation));
  std::array<char, 128> why{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), static_cast<int>(options_.call_deadline.count()),
                                            why.data(), why.size());
  return options;
}

Result<Event> Client::await_admin(const Queue& answers) const {
  Event answer(rd_kafka_queue_poll(answers.get(), static_cast<int>(options_.call_deadline.count())));
  if (!answer) return error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, "kafka admin request");
  const auto failed = rd_kafka_event_error(answer.get());
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(failed, "kafka admin request");
  return answer;
}

}  // namespace penstock::kafka
