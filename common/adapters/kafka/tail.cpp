#include "common/adapters/kafka/tail.h"

#include <algorithm>

#include "common/adapters/kafka/admin.h"
#include "common/adapters/kafka/records.h"
#include "common/adapters/kafka/settings.h"
#include "common/observe/log.h"

namespace penstock::kafka {
namespace {

using SteadyClock = std::chrono::steady_clock;

// While the cluster is away, it is asked so often.
constexpr Milliseconds kAskAgainAfter{500};
constexpr Milliseconds kLookDeadline{1'000};

}  // namespace

Result<TailBatch> Tail::next(std::size_t records_max, Milliseconds wait) {
  if (!begun_) {
    TRY_STATUS(begin());
  }
  TailBatch batch;
  // Nothing is waited for before an empty topic's present was told.
  TRY(batch.records, gather(records_max, anew_ && has_reached(present_at_) ? Milliseconds{0} : wait));
  if (drained_ && SteadyClock::now() >= look_at_) {
    const Status looked = look();
    away_ = looked ? std::optional<Error>() : looked.error();
  }
  if (batch.records.empty() && away_) return *away_;
  if (!begun_) return batch;  // what this holds belongs to what it has left behind
  batch.anew = std::exchange(anew_, false);
  batch.present = has_reached(present_at_);
  return batch;
}

Status Tail::begin() {
  if (!handle_) {
    TRY_STATUS(make_client());
  }
  const auto found = fetch_metadata(handle_.get(), name_, options_.call_deadline);
  if (!found) return found.error();
  const rd_kafka_metadata_topic& topic = found.value()->topics[0];
  if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(topic.err, "kafka topic " + name_);
  next_.clear();
  newest_.clear();
  for (int partition = 0; partition < topic.partition_cnt; ++partition) next_[Partition{partition}] = {};
  TRY(present_at_, edges(RD_KAFKA_OFFSET_END, options_.call_deadline));
  TRY(next_, edges(RD_KAFKA_OFFSET_BEGINNING, options_.call_deadline));
  TRY_STATUS(assign());
  begun_ = anew_ = true;
  away_.reset();
  progress_.begin_anew();
  up_to_date_at_ = look_at_ = SteadyClock::now();
  return ok();
}

Status Tail::make_client() {
  TRY(Conf conf, make_conf(bulk_reader_settings(options_)));
  TRY(handle_, make_handle(RD_KAFKA_CONSUMER, std::move(conf)));
  rd_kafka_poll_set_consumer(handle_.get());
  return ok();
}

Result<std::vector<StoredRecord>> Tail::gather(std::size_t records_max, Milliseconds wait) {
  const auto until = SteadyClock::now() + wait;
  std::vector<StoredRecord> records;
  std::size_t bytes = 0;
  drained_ = false;
  while (begun_ && !drained_ && records.size() < std::max<std::size_t>(records_max, 1) &&
         bytes < options_.poll_bytes_max) {
    const auto left = std::chrono::ceil<Milliseconds>(until - SteadyClock::now());
    const auto patience = records.empty() ? std::max(left, Milliseconds{0}) : Milliseconds{0};
    const Message message(rd_kafka_consumer_poll(handle_.get(), static_cast<int>(patience.count())));
    drained_ = !message && (!records.empty() || SteadyClock::now() >= until);
    if (!message) continue;
    const std::size_t had = records.size();
    const Status taken = take(*message, records);
    if (!taken && records.empty()) return taken.error();
    if (!taken) break;
    if (records.size() > had) bytes += records.back().value.size();
    // The last partition has reached its end: that is worth telling at once.
    if (records.empty() && anew_ && has_reached(present_at_)) break;
  }
  return records;
}

Status Tail::take(const rd_kafka_message_t& message, std::vector<StoredRecord>& records) {
  const Partition partition{message.partition};
  if (is_damage(message.err)) {
    TRY_STATUS(assign());  // or the client would go on behind it
    return damage_error(message);
  }
  switch (message.err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      next_[partition] = Offset{message.offset + 1};
      records.push_back(to_stored_record(message, options_.topic_prefix));
      newest_[partition] = std::max(newest_[partition], records.back().appended_at);
      away_.reset();
      return ok();
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      // Before it there may be marks of transactions, which are never handed over.
      next_[partition] = std::max(next_[partition], Offset{message.offset});
      return ok();
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      log::warn("kafka topic is not what it was, reading it anew", {{"topic", name_}});
      begun_ = false;
      return ok();
    default:
      return begin_anew_if_gone(error_of(message.err, "kafka tail of " + name_));
  }
}

// A topic that is there again may be another one, however many records it has.
Error Tail::begin_anew_if_gone(Error error) {
  if (error.code == ErrorCode::wrong_schema) begun_ = false;
  return error;
}

// Errors: the cluster did not say where the topic ends.
Status Tail::look() {
  const auto now = SteadyClock::now();
  look_at_ = now + kAskAgainAfter;
  const auto found = fetch_metadata(handle_.get(), name_, kLookDeadline);
  if (!found) return found.error();
  const rd_kafka_metadata_topic& topic = found.value()->topics[0];
  if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR)
    return begin_anew_if_gone(error_of(topic.err, "kafka topic " + name_));
  TRY(const Offsets ends, edges(RD_KAFKA_OFFSET_END, kLookDeadline));
  look_at_ = now + options_.stalled_after / 2;
  const bool is_other = std::any_of(ends.begin(), ends.end(),
                                    [this](const auto& end) { return end.second < next_.at(end.first); });
  TRY(const bool made_anew, was_made_anew());
  const bool may_have_missed = now - up_to_date_at_ > options_.tail_anew_after;
  if (is_other || made_anew || may_have_missed || topic.partition_cnt != static_cast<int>(next_.size())) {
    log::warn("kafka topic may not be what it was, reading it anew", {{"topic", name_}});
    begun_ = false;
    return ok();
  }
  if (has_reached(ends)) up_to_date_at_ = now;
  return remedy_stalls(ends);
}

// All that is left of what was passed was told, so none of it is newer than what was told; in another topic the
// first record already is.
Result<bool> Tail::was_made_anew() const {
  const Partitions newer(rd_kafka_topic_partition_list_new(static_cast<int>(newest_.size())));
  for (const auto& [partition, time] : newest_)
    rd_kafka_topic_partition_list_add(newer.get(), name_.c_str(), partition.value)->offset =
        to_unix_ms(time) + 1;
  if (newer->cnt == 0) return false;
  TRY_STATUS(fill_with_offsets(handle_.get(), *newer, kLookDeadline));
  Offsets passed;
  for (int i = 0; i < newer->cnt; ++i) {
    const Offset first{newer->elems[i].offset};
    const Partition partition{newer->elems[i].partition};
    if (first.value >= 0 && first < next_.at(partition)) passed[partition] = first;
  }
  if (passed.empty()) return false;
  // Marks of transactions are newer as well, and not told.
  TRY(const Offsets starts, edges(RD_KAFKA_OFFSET_BEGINNING, kLookDeadline));
  return std::any_of(passed.begin(), passed.end(),
                     [&](const auto& each) { return starts.at(each.first) == each.second; });
}

Status Tail::remedy_stalls(const Offsets& ends) {
  FetchProgress::Positions positions;
  for (const auto& [partition, next] : next_) positions[{topic_, partition}] = next;
  const auto unmoved = progress_.look(positions);
  std::vector<TopicPartition> behind;
  for (const auto& [partition, next] : unmoved)
    if (*next < ends.at(partition.partition)) behind.push_back(partition);
  const StallRemedies remedies = progress_.advise(behind);
  if (remedies.refetch.empty() && remedies.join_anew.empty()) return ok();
  log::warn("kafka topic stalled, fetching it anew", {{"topic", name_}});
  if (!remedies.join_anew.empty()) {
    TRY_STATUS(make_client());
  }
  return assign();
}

Result<Tail::Offsets> Tail::edges(std::int64_t edge, Milliseconds deadline) const {
  const Partitions asked(rd_kafka_topic_partition_list_new(static_cast<int>(next_.size())));
  for (const auto& [partition, next] : next_)
    rd_kafka_topic_partition_list_add(asked.get(), name_.c_str(), partition.value)->offset = edge;
  TRY_STATUS(fill_with_offsets(handle_.get(), *asked, deadline));
  Offsets found;
  for (int i = 0; i < asked->cnt; ++i)
    found[Partition{asked->elems[i].partition}] = Offset{asked->elems[i].offset};
  return found;
}

Status Tail::assign() const {
  const Partitions from(rd_kafka_topic_partition_list_new(static_cast<int>(next_.size())));
  for (const auto& [partition, next] : next_)
    rd_kafka_topic_partition_list_add(from.get(), name_.c_str(), partition.value)->offset = next.value;
  const auto failed = rd_kafka_assign(handle_.get(), from.get());
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(failed, "kafka tail of " + name_);
  return ok();
}

bool Tail::has_reached(const Offsets& ends) const {
  return std::all_of(ends.begin(), ends.end(),
                     [this](const auto& end) { return next_.at(end.first) >= end.second; });
}

}  // namespace penstock::kafka
