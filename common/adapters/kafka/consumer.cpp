#include "common/adapters/kafka/consumer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <future>
#include <thread>
#include <utility>

#include "common/adapters/kafka/records.h"
#include "common/adapters/kafka/settings.h"
#include "common/core/check.h"
#include "common/observe/log.h"

namespace penstock::kafka {
namespace {

// Three questions, asked from poll(): whoever polls wants to be stopped soon, also while the cluster is away.
constexpr Milliseconds kStallQuestionDeadline{1'000};

using SteadyClock = std::chrono::steady_clock;

Milliseconds until_now(SteadyClock::time_point until) {
  return std::max(Milliseconds{0}, std::chrono::ceil<Milliseconds>(until - SteadyClock::now()));
}

Partitions assigned_partitions(rd_kafka_t* handle) {
  rd_kafka_topic_partition_list_t* partitions = nullptr;
  if (rd_kafka_assignment(handle, &partitions) != RD_KAFKA_RESP_ERR_NO_ERROR)
    partitions = rd_kafka_topic_partition_list_new(0);
  return Partitions(partitions);
}

std::vector<TopicPartition> named(const rd_kafka_topic_partition_list_t& partitions,
                                  std::string_view prefix) {
  std::vector<TopicPartition> found;
  for (int i = 0; i < partitions.cnt; ++i)
    found.push_back(
        {short_topic(partitions.elems[i].topic, prefix), Partition{partitions.elems[i].partition}});
  return found;
}

// The group has moved on without this member: its next owner reads again what this commit would have covered.
bool is_superseded(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
         code == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS || code == RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST;
}

Status status_of_commit(rd_kafka_resp_err_t code) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return ok();
  if (is_superseded(code)) {
    log::info("kafka commit skipped", {{"reason", rd_kafka_err2str(code)}});
    return ok();
  }
  return error_of(code, "kafka commit");
}

Status status_of_commit(rd_kafka_event_t* event) {
  TRY_STATUS(status_of_commit(rd_kafka_event_error(event)));
  const rd_kafka_topic_partition_list_t* partitions = rd_kafka_event_topic_partition_list(event);
  for (int i = 0; partitions != nullptr && i < partitions->cnt; ++i) {
    TRY_STATUS(status_of_commit(partitions->elems[i].err));
  }
  return ok();
}

// The list frees it with free().
void set_note(rd_kafka_topic_partition_t& partition, std::string_view note) {
  if (note.empty()) return;
  partition.metadata = std::malloc(note.size());
  CHECK(partition.metadata != nullptr);
  std::memcpy(partition.metadata, note.data(), note.size());
  partition.metadata_size = note.size();
}

// Everything in the queue, whatever it is.
std::size_t queue_length(rd_kafka_t* handle) {
  const Queue queue(rd_kafka_queue_get_consumer(handle));
  return queue ? rd_kafka_queue_length(queue.get()) : 0;
}

// Offsets to start from where nothing was read since the assignment. False: the cluster did not say.
bool fill_unknown_with_committed(rd_kafka_t* handle, rd_kafka_topic_partition_list_t& positions,
                                 Milliseconds deadline) {
  const auto is_known = [](const rd_kafka_topic_partition_t& each) { return each.offset >= 0; };
  if (std::all_of(positions.elems, positions.elems + positions.cnt, is_known)) return true;
  const Partitions committed(rd_kafka_topic_partition_list_copy(&positions));
  if (rd_kafka_committed(handle, committed.get(), static_cast<int>(deadline.count())) !=
      RD_KAFKA_RESP_ERR_NO_ERROR)
    return false;
  for (int i = 0; i < positions.cnt; ++i)
    if (positions.elems[i].offset < 0) positions.elems[i].offset = committed->elems[i].offset;
  return true;
}

}  // namespace

Partitions behind(const rd_kafka_topic_partition_list_t& positions,
                  const rd_kafka_topic_partition_list_t& starts,
                  const rd_kafka_topic_partition_list_t& ends) {
  CHECK(positions.cnt == starts.cnt && positions.cnt == ends.cnt);
  Partitions found(rd_kafka_topic_partition_list_new(positions.cnt));
  for (int i = 0; i < positions.cnt; ++i) {
    const rd_kafka_topic_partition_t& each = positions.elems[i];
    const std::int64_t next = std::max(each.offset, starts.elems[i].offset);
    if (next < ends.elems[i].offset)
      rd_kafka_topic_partition_list_add(found.get(), each.topic, each.partition)->offset = next;
  }
  return found;
}

// What librdkafka's callbacks see. Shared with the thread that closes it, which may outlive the consumer.
struct Consumer::Membership {
  Handle handle;
  bool paused = false;
  std::string group;
  std::string topic_prefix;
  std::shared_ptr<std::atomic<std::uint64_t>> generation;
  Outage outage{"consumer"};

  static void on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code,
                           rd_kafka_topic_partition_list_t* partitions, void* membership) noexcept;
  static void on_error(rd_kafka_t* handle, int code, const char* reason, void* membership) noexcept;
  void close() noexcept;
};

// From poll() and close(), on the thread that called them.
void Consumer::Membership::on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code,
                                        rd_kafka_topic_partition_list_t* partitions,
                                        void* membership) noexcept {
  auto* self = static_cast<Membership*>(membership);
  ++*self->generation;
  const bool given = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  log_partitions(given ? "partitions given" : "partitions taken away", self->group,
                 named(*partitions, self->topic_prefix));
  if (!given) {
    rd_kafka_assign(handle, nullptr);
    return;
  }
  rd_kafka_assign(handle, partitions);
  (self->paused ? rd_kafka_pause_partitions : rd_kafka_resume_partitions)(handle, partitions);
}

void Consumer::Membership::on_error(rd_kafka_t*, int code, const char* reason, void* membership) noexcept {
  static_cast<Membership*>(membership)->outage.note(static_cast<rd_kafka_resp_err_t>(code), reason);
}

void Consumer::Membership::close() noexcept {
  rd_kafka_consumer_close(handle.get());
  handle.reset();
}

Consumer::Consumer(KafkaOptions options, std::string group, std::vector<std::string> topics)
    : options_(std::move(options)),
      group_(std::move(group)),
      topics_(std::move(topics)),
      generation_(std::make_shared<std::atomic<std::uint64_t>>(0)) {}

Result<std::unique_ptr<Consumer>> Consumer::join(const KafkaOptions& options, const std::string& group,
                                                 const std::vector<std::string>& topics) {
  std::unique_ptr<Consumer> consumer(new Consumer(options, group, topics));
  TRY_STATUS(consumer->join());
  return consumer;
}

Consumer::~Consumer() { leave(); }

Status Consumer::join() {
  TRY(Conf conf, make_conf(consumer_settings(options_, group_)));
  auto membership = std::make_shared<Membership>();
  membership->group = group_;
  membership->topic_prefix = options_.topic_prefix;
  membership->generation = generation_;
  rd_kafka_conf_set_rebalance_cb(conf.get(), Membership::on_rebalance);
  rd_kafka_conf_set_error_cb(conf.get(), Membership::on_error);
  rd_kafka_conf_set_opaque(conf.get(), membership.get());
  TRY(membership->handle, make_handle(RD_KAFKA_CONSUMER, std::move(conf)));
  rd_kafka_poll_set_consumer(membership->handle.get());
  const Partitions names(rd_kafka_topic_partition_list_new(static_cast<int>(topics_.size())));
  for (const std::string& topic : topics_)
    rd_kafka_topic_partition_list_add(names.get(), (options_.topic_prefix + topic).c_str(),
                                      RD_KAFKA_PARTITION_UA);
  const auto failed = rd_kafka_subscribe(membership->handle.get(), names.get());
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(failed, "kafka subscribe");
  membership_ = std::move(membership);
  return ok();
}

rd_kafka_t* Consumer::client() const noexcept { return membership_->handle.get(); }

void Consumer::leave() {
  if (!membership_) return;
  auto closed = std::make_shared<std::promise<void>>();
  std::future<void> done = closed->get_future();
  std::thread closing([membership = std::move(membership_), closed] {
    membership->close();
    closed->set_value();
  });
  if (done.wait_for(options_.close_deadline) == std::future_status::ready) {
    closing.join();
    return;
  }
  log::error("kafka consumer does not close, leaving it behind", {{"group", group_}});
  closing.detach();
}

Result<std::vector<StoredRecord>> Consumer::poll(std::size_t records_max, Milliseconds wait) {
  if (!membership_) {
    TRY_STATUS(join());
  }
  try_damaged_again();
  TRY(Gathered gathered, gather(records_max, SteadyClock::now() + wait));
  if (is_look_due(gathered)) {
    if (const StallRemedies remedies = look_for_stalls(gathered.drained); !remedies.join_anew.empty()) {
      TRY_STATUS(join_anew(remedies.join_anew));
      return std::vector<StoredRecord>{};  // what was gathered is not committed, so it comes again
    }
  }
  return std::move(gathered.records);
}

Result<Consumer::Gathered> Consumer::gather(std::size_t records_max, SteadyTime until) {
  if (met_) return *std::exchange(met_, std::nullopt);
  // Said once by the client, and so for good.
  const auto fatal = rd_kafka_fatal_error(membership_->handle.get(), nullptr, 0);
  if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(fatal, "kafka poll");
  Gathered gathered;
  std::vector<StoredRecord>& records = gathered.records;
  std::size_t bytes = 0;
  std::uint64_t gathered_in = *generation_;
  while (records.size() < records_max && bytes < options_.poll_bytes_max) {
    const auto wait = records.empty() ? until_now(until) : Milliseconds{0};
    const Message message(rd_kafka_consumer_poll(membership_->handle.get(), static_cast<int>(wait.count())));
    if (gathered_in != *generation_) {
      records.clear();  // the new owner reads them again, which may be this consumer
      damaged_.clear();
      gathered_in = *generation_;
    }
    if (!message) {
      gathered.drained = !records.empty() || SteadyClock::now() >= until;
      if (gathered.drained) break;
      continue;  // a rebalance was served
    }
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      membership_->outage.over();
      records.push_back(to_stored_record(*message, options_.topic_prefix));
      bytes += records.back().value.size();
      if (!damaged_.empty())
        damaged_.erase({records.back().position.topic, records.back().position.partition});
    } else {
      Error error = error_of_poll(*message);
      if (records.empty()) return error;
      met_ = std::move(error);
      break;
    }
  }
  return gathered;
}

// A member whose identity another one took fails for good, and says so this way.
Error Consumer::error_of_poll(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__FATAL)
    return error_of(rd_kafka_fatal_error(membership_->handle.get(), nullptr, 0), "kafka poll");
  if (!is_damage(message.err) || message.rkt == nullptr) return error_of(message.err, "kafka poll");
  stay_before(message);
  return damage_error(message);
}

// What the client has fetched behind it goes with the pause.
void Consumer::stay_before(const rd_kafka_message_t& damaged) {
  rd_kafka_t* handle = membership_->handle.get();
  const Partitions at(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(at.get(), rd_kafka_topic_name(damaged.rkt), damaged.partition);
  rd_kafka_position(handle, at.get());
  const std::int64_t next = at->elems[0].offset < 0 ? damaged.offset : at->elems[0].offset;
  rd_kafka_pause_partitions(handle, at.get());
  damaged_[named(*at, options_.topic_prefix).front()] = {Offset{next},
                                                         SteadyClock::now() + options_.stalled_after / 2};
}

// Until it gives a record, or says again that it cannot: it may bring neither, as any partition may stall.
void Consumer::try_damaged_again() {
  if (membership_->paused) return;
  const auto now = SteadyClock::now();
  for (auto& [partition, damage] : damaged_) {
    if (damage.again_at > now) continue;
    damage.again_at = now + 2 * options_.stalled_after;
    const Partitions at(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(at.get(), (options_.topic_prefix + partition.topic).c_str(),
                                      partition.partition.value)
        ->offset = damage.next.value;
    const CallError refused(rd_kafka_seek_partitions(membership_->handle.get(), at.get(), 0));
    rd_kafka_resume_partitions(membership_->handle.get(), at.get());
  }
}

// A paused partition stands still, and one that was just dealt has not been looked at: both begin anew.
bool Consumer::is_look_due(const Gathered& gathered) {
  const auto now = SteadyClock::now();
  if (membership_->paused || watched_generation_ != *generation_) {
    watched_generation_ = *generation_;
    progress_.begin_anew();
    look_at_ = now;
    left_before_look_.reset();
  }
  return !membership_->paused && now >= look_at_ && has_handed_over_what_was_fetched(gathered);
}

// All that was in the queue when the look fell due: records come out in the order in which they were fetched.
bool Consumer::has_handed_over_what_was_fetched(const Gathered& gathered) {
  if (left_before_look_)
    *left_before_look_ -= std::min(*left_before_look_, gathered.records.size());
  else
    left_before_look_ = queue_length(membership_->handle.get());
  if (!gathered.drained && *left_before_look_ > 0) return false;
  left_before_look_.reset();
  return true;
}

// While much is to be polled the client fetches little, and not of every partition: then a false alarm must
// cost nothing.
StallRemedies Consumer::look_for_stalls(bool may_join_anew) {
  look_at_ = SteadyClock::now() + options_.stalled_after / 2;
  const FetchProgress::Positions unmoved = progress_.look(positions());
  if (unmoved.empty()) return {};
  const Partitions behind = behind_of(unmoved);
  if (!behind) return {};
  StallRemedies remedies = progress_.advise(named(*behind, options_.topic_prefix), may_join_anew);
  if (!remedies.refetch.empty()) refetch(remedies.refetch, *behind);
  return remedies;
}

FetchProgress::Positions Consumer::positions() const {
  const Partitions assigned = assigned_partitions(membership_->handle.get());
  rd_kafka_position(membership_->handle.get(), assigned.get());
  FetchProgress::Positions positions;
  for (int i = 0; i < assigned->cnt; ++i) {
    const rd_kafka_topic_partition_t& each = assigned->elems[i];
    const TopicPartition partition{short_topic(each.topic, options_.topic_prefix), Partition{each.partition}};
    if (damaged_.contains(partition)) continue;  // that it stands still has its reason
    auto& next = positions[partition];
    if (each.offset >= 0) next = Offset{each.offset};
  }
  return positions;
}

Partitions Consumer::behind_of(const FetchProgress::Positions& unmoved) const {
  rd_kafka_t* handle = membership_->handle.get();
  const Partitions positions(rd_kafka_topic_partition_list_new(static_cast<int>(unmoved.size())));
  for (const auto& [each, next] : unmoved) {
    const std::string topic = options_.topic_prefix + each.topic;
    rd_kafka_topic_partition_list_add(positions.get(), topic.c_str(), each.partition.value)->offset =
        next ? next->value : RD_KAFKA_OFFSET_INVALID;
  }
  const Partitions starts(rd_kafka_topic_partition_list_copy(positions.get()));
  const Partitions ends(rd_kafka_topic_partition_list_copy(positions.get()));
  if (!fill_unknown_with_committed(handle, *positions, kStallQuestionDeadline) ||
      !fill_with_edges(handle, *starts, Edge::start, kStallQuestionDeadline) ||
      !fill_with_edges(handle, *ends, Edge::end, kStallQuestionDeadline))
    return nullptr;
  return behind(*positions, *starts, *ends);
}

// Without waiting for it: whether it helped is seen at the next look.
void Consumer::refetch(const std::vector<TopicPartition>& stalled,
                       const rd_kafka_topic_partition_list_t& behind) {
  log::warn("kafka partitions stalled, fetching them anew",
            {{"group", group_}, {"partitions", some_of(stalled)}});
  const Partitions sought(rd_kafka_topic_partition_list_new(static_cast<int>(stalled.size())));
  for (const TopicPartition& each : stalled) {
    const std::string topic = options_.topic_prefix + each.topic;
    const auto* found = rd_kafka_topic_partition_list_find(&behind, topic.c_str(), each.partition.value);
    rd_kafka_topic_partition_list_add(sought.get(), found->topic, found->partition)->offset = found->offset;
  }
  const CallError refused(rd_kafka_seek_partitions(membership_->handle.get(), sought.get(), 0));
}

Status Consumer::join_anew(const std::vector<TopicPartition>& stalled) {
  log::error("kafka consumer stalled, joining anew", {{"group", group_}, {"partitions", some_of(stalled)}});
  leave();
  ++*generation_;
  damaged_.clear();
  met_.reset();
  return join();
}

Status Consumer::commit(std::span<const Position> last_done) {
  std::vector<Position> next(last_done.begin(), last_done.end());
  for (Position& position : next) ++position.offset.value;
  return commit_next(next, {});
}

// The group's offsets stay as they are: a commit of the next one is how Kafka keeps a note.
Status Consumer::annotate(std::span<const Position> next, std::string_view note) {
  if (note.size() > kProgressNoteBytesMax)
    return Error{ErrorCode::invalid, "the note is longer than a log takes"};
  return commit_next(next, note);
}

Status Consumer::commit_next(std::span<const Position> next, std::string_view note) {
  if (!membership_) return ok();
  rd_kafka_t* handle = membership_->handle.get();
  const Partitions assigned = assigned_partitions(handle);
  const Partitions offsets(rd_kafka_topic_partition_list_new(static_cast<int>(next.size())));
  for (const Position& position : next) {
    const std::string topic = options_.topic_prefix + position.topic;
    const std::int32_t partition = position.partition.value;
    if (rd_kafka_topic_partition_list_find(assigned.get(), topic.c_str(), partition) == nullptr) continue;
    auto* added = rd_kafka_topic_partition_list_add(offsets.get(), topic.c_str(), partition);
    added->offset = position.offset.value;
    set_note(*added, note);
  }
  if (offsets->cnt == 0) return ok();
  // rd_kafka_commit() would wait without a bound that we choose.
  const Queue answers(rd_kafka_queue_new(handle));
  const auto failed = rd_kafka_commit_queue(handle, offsets.get(), answers.get(), nullptr, nullptr);
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return status_of_commit(failed);
  const Event answer(rd_kafka_queue_poll(answers.get(), static_cast<int>(options_.call_deadline.count())));
  if (!answer) return error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, "kafka commit");
  return status_of_commit(answer.get());
}

void Consumer::pause() { set_paused(true); }
void Consumer::resume() { set_paused(false); }

void Consumer::set_paused(bool paused) {
  if (!membership_ || membership_->paused == paused) return;
  membership_->paused = paused;
  const Partitions assigned = assigned_partitions(membership_->handle.get());
  (paused ? rd_kafka_pause_partitions : rd_kafka_resume_partitions)(membership_->handle.get(),
                                                                    assigned.get());
  for (auto& [partition, damage] : damaged_)
    damage.again_at = SteadyClock::now();  // they were resumed as well
}

}  // namespace penstock::kafka
