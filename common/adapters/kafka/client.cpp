#include "common/adapters/kafka/client.h"

#include <algorithm>
#include <utility>

#include "common/adapters/kafka/admin.h"
#include "common/adapters/kafka/records.h"
#include "common/adapters/kafka/settings.h"

namespace penstock::kafka {
namespace {

bool is_absence(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__PARTITION_EOF || code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
         code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
}

Status add_partitions(rd_kafka_t* client, const std::string& name, Milliseconds deadline,
                      rd_kafka_topic_partition_list_t& out) {
  TRY(const Metadata metadata, fetch_metadata(client, name, deadline));
  const rd_kafka_metadata_topic& found = metadata->topics[0];
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(found.err, "kafka topic " + name);
  for (int partition = 0; partition < found.partition_cnt; ++partition)
    rd_kafka_topic_partition_list_add(&out, name.c_str(), partition);
  return ok();
}

std::string note_of(const rd_kafka_topic_partition_t* committed) {
  if (committed == nullptr || committed->metadata == nullptr) return {};
  return {static_cast<const char*>(committed->metadata), committed->metadata_size};
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
  TRY(const bool exists, has_partition({position.topic, position.partition}));
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

Result<bool> Client::has_partition(const TopicPartition& partition) {
  const Status checked = check_partition(partition);
  if (!checked && checked.error().code != ErrorCode::wrong_schema) return checked.error();
  return checked.has_value();
}

Status Client::check_partition(const TopicPartition& partition) {
  TRY(const Partitions partitions, partitions_of({partition.topic}));
  if (partition.partition.value >= 0 && partition.partition.value < partitions->cnt) return ok();
  return Error{ErrorCode::wrong_schema, "kafka topic " + options_.topic_prefix + partition.topic +
                                            " has no partition " + std::to_string(partition.partition.value)};
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
        {Partition{start.partition}, Offset{next}, Offset{ends->elems[i].offset}, note_of(found)});
  }
  return progress;
}

Result<Partitions> Client::committed_offsets(const std::string& group, const Partitions& partitions) {
  TRY(rd_kafka_t* const client, handle());
  const GroupOffsetsQuery query(rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), partitions.get()));
  const AdminOptions options =
      admin_options(client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, options_.call_deadline);
  const Queue answers(rd_kafka_queue_new(client));
  rd_kafka_ListConsumerGroupOffsets_t* queries[] = {query.get()};
  rd_kafka_ListConsumerGroupOffsets(client, queries, 1, options.get(), answers.get());
  TRY(const Event answer, await_admin(answers, options_.call_deadline, "kafka group offsets"));
  std::size_t count = 0;
  const auto* result = rd_kafka_event_ListConsumerGroupOffsets_result(answer.get());
  const auto* groups = rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count);
  if (count != 1) return Error{ErrorCode::internal, "kafka group offsets: no answer for the group"};
  if (const auto* error = rd_kafka_group_result_error(groups[0]))
    return error_of(rd_kafka_error_code(error), "kafka group offsets");
  return Partitions(rd_kafka_topic_partition_list_copy(rd_kafka_group_result_partitions(groups[0])));
}

Result<int> Client::count_members(const std::string& group) {
  TRY(rd_kafka_t* const client, handle());
  const AdminOptions options =
      admin_options(client, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, options_.call_deadline);
  const Queue answers(rd_kafka_queue_new(client));
  const char* names[] = {group.c_str()};
  rd_kafka_DescribeConsumerGroups(client, names, 1, options.get(), answers.get());
  TRY(const Event answer, await_admin(answers, options_.call_deadline, "kafka group"));
  std::size_t count = 0;
  const auto* result = rd_kafka_event_DescribeConsumerGroups_result(answer.get());
  const auto* groups = rd_kafka_DescribeConsumerGroups_result_groups(result, &count);
  if (count != 1) return Error{ErrorCode::internal, "kafka group: no answer for the group"};
  const auto* error = rd_kafka_ConsumerGroupDescription_error(groups[0]);
  if (error == nullptr || rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_NO_ERROR)
    return static_cast<int>(rd_kafka_ConsumerGroupDescription_member_count(groups[0]));
  if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) return 0;
  return error_of(rd_kafka_error_code(error), "kafka group");
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

}  // namespace penstock::kafka
