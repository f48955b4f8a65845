#include "common/adapters/embedded/event_log.h"

#include <algorithm>
#include <utility>

#include "common/adapters/embedded/cursor.h"
#include "common/adapters/embedded/scan.h"
#include "common/adapters/embedded/tail.h"
#include "common/core/check.h"
#include "common/observe/log.h"

namespace penstock {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr Milliseconds kReadyDeadline{1000};

// FNV-1a: spreads keys alike in every build and at every start.
std::uint64_t hash_of(std::string_view key) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char byte : key) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211ULL;
  return hash;
}

std::size_t bytes_of(const Record& record) {
  std::size_t bytes = record.key.size() + record.value.size();
  for (const auto& [name, value] : record.headers) bytes += name.size() + value.size();
  return bytes;
}

}  // namespace

Error EmbeddedEventLog::no_such_topic(const std::string& topic) {
  return {ErrorCode::wrong_schema, "the log has no topic " + topic};
}

class EmbeddedEventLog::Consumer final : public EventConsumer {
 public:
  Consumer(EmbeddedEventLog& log, std::string group, ConsumerGroups::MemberId member)
      : log_(log), group_(std::move(group)), member_(member) {}
  ~Consumer() override;
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  Result<std::vector<StoredRecord>> poll(std::size_t records_max, Milliseconds wait) override;
  Status commit(std::span<const Position> last_done) override;
  Status annotate(std::span<const Position> next, std::string_view note) override;
  void pause() override { paused_ = true; }
  void resume() override { paused_ = false; }
  std::uint64_t generation() const noexcept override;

 private:
  using Positions = Ends;  // what to read next of each assigned partition

  Status follow_assignment();
  void log_change(const Positions& before, const Positions& after) const;
  Result<Positions> committed_positions(std::vector<TopicPartition> assigned);
  // Empty when there was none until then.
  Positions wait_for_news(SteadyTime until);
  std::vector<GroupOffset> owned_offsets(std::span<const Position> last_done) const;  // under mutex_
  bool owns(const TopicPartition& partition) const;                                   // under mutex_

  EmbeddedEventLog& log_;
  const std::string group_;
  const ConsumerGroups::MemberId member_;
  bool paused_ = false;
  std::uint64_t generation_followed_ = 0;
  Cursor cursor_{log_, {}};
};

EmbeddedEventLog::Consumer::~Consumer() {
  {
    const std::scoped_lock lock(log_.mutex_);
    log_.groups_.leave(member_);
    log_.news_.notify_all();
  }
  log_change(cursor_.next(), {});
}

std::uint64_t EmbeddedEventLog::Consumer::generation() const noexcept {
  const std::scoped_lock lock(log_.mutex_);
  return log_.groups_.generation(member_);
}

Result<std::vector<StoredRecord>> EmbeddedEventLog::Consumer::poll(std::size_t records_max,
                                                                   Milliseconds wait) {
  const SteadyTime until = std::chrono::steady_clock::now() + wait;
  while (true) {
    TRY_STATUS(follow_assignment());
    const Positions ends = wait_for_news(until);
    if (!ends.empty()) {
      TRY(std::vector<StoredRecord> records, cursor_.fetch(ends, records_max));
      if (!records.empty()) return records;
    }
    if (std::chrono::steady_clock::now() >= until) return std::vector<StoredRecord>{};
  }
}

Status EmbeddedEventLog::Consumer::follow_assignment() {
  std::unique_lock lock(log_.mutex_);
  const std::uint64_t generation = log_.groups_.generation(member_);
  if (generation == generation_followed_) return ok();
  std::vector<TopicPartition> assigned = log_.groups_.assigned(member_);
  lock.unlock();
  TRY(Positions positions, committed_positions(std::move(assigned)));
  log_change(cursor_.next(), positions);
  cursor_.restart_at(std::move(positions));
  generation_followed_ = generation;
  return ok();
}

void EmbeddedEventLog::Consumer::log_change(const Positions& before, const Positions& after) const {
  const auto only_in = [](const Positions& these, const Positions& those) {
    std::vector<TopicPartition> found;
    for (const auto& [partition, next] : these)
      if (!those.contains(partition)) found.push_back(partition);
    return found;
  };
  log_partitions("partitions taken away", group_, only_in(before, after));
  log_partitions("partitions given", group_, only_in(after, before));
}

Result<EmbeddedEventLog::Consumer::Positions> EmbeddedEventLog::Consumer::committed_positions(
    std::vector<TopicPartition> assigned) {
  return log_.ask<Positions>(
      [group = group_, assigned = std::move(assigned)](LogStorage& storage) -> Result<Positions> {
        Positions positions;
        for (const TopicPartition& partition : assigned) {
          TRY(const std::optional<Offset> committed, storage.committed(group, partition));
          positions[partition] = committed.value_or(Offset{0});
        }
        return positions;
      });
}

EmbeddedEventLog::Consumer::Positions EmbeddedEventLog::Consumer::wait_for_news(SteadyTime until) {
  std::unique_lock lock(log_.mutex_);
  Positions found;
  log_.news_.wait_until(lock, until, [&] {
    found = paused_ ? Positions{} : cursor_.unread();
    return !found.empty() || log_.groups_.generation(member_) != generation_followed_;
  });
  return log_.groups_.generation(member_) == generation_followed_ ? found : Positions{};
}

Status EmbeddedEventLog::Consumer::commit(std::span<const Position> last_done) {
  std::unique_lock lock(log_.mutex_);
  const std::vector<GroupOffset> offsets = owned_offsets(last_done);
  if (offsets.empty()) return ok();
  PendingCommit pending{.offsets = offsets, .answer = {}};
  std::future<Status> answer = pending.answer.get_future();
  log_.commits_.push_back(std::move(pending));
  log_.work_.notify_one();
  lock.unlock();
  if (answer.wait_for(log_.options_.answer_deadline) != std::future_status::ready)
    return Error{ErrorCode::timeout, "the log did not commit the offsets in time"};
  TRY_STATUS(answer.get());
  lock.lock();
  for (const GroupOffset& offset : offsets) log_.notes_.erase({group_, offset.partition});
  return ok();
}

Status EmbeddedEventLog::Consumer::annotate(std::span<const Position> next, std::string_view note) {
  if (note.size() > kProgressNoteBytesMax)
    return Error{ErrorCode::invalid, "the note is longer than a log takes"};
  const std::scoped_lock lock(log_.mutex_);
  for (const Position& position : next) {
    const TopicPartition partition{position.topic, position.partition};
    if (owns(partition)) log_.notes_[{group_, partition}] = note;
  }
  return ok();
}

bool EmbeddedEventLog::Consumer::owns(const TopicPartition& partition) const {
  const std::vector<TopicPartition>& assigned = log_.groups_.assigned(member_);
  return std::binary_search(assigned.begin(), assigned.end(), partition);
}

std::vector<GroupOffset> EmbeddedEventLog::Consumer::owned_offsets(
    std::span<const Position> last_done) const {
  std::vector<GroupOffset> offsets;
  for (const Position& done : last_done) {
    TopicPartition partition{done.topic, done.partition};
    if (owns(partition)) offsets.push_back({group_, std::move(partition), Offset{done.offset.value + 1}});
  }
  return offsets;
}

Result<std::unique_ptr<EmbeddedEventLog>> EmbeddedEventLog::open(const EmbeddedLogOptions& options,
                                                                 std::unique_ptr<LogStorage> storage,
                                                                 const Clock& clock) {
  TRY(Ends ends, storage->ends());
  return std::unique_ptr<EmbeddedEventLog>(
      new EmbeddedEventLog(options, std::move(storage), clock, std::move(ends)));
}

EmbeddedEventLog::EmbeddedEventLog(const EmbeddedLogOptions& options, std::unique_ptr<LogStorage> storage,
                                   const Clock& clock, Ends ends)
    : options_(options),
      clock_(clock),
      storage_(std::move(storage)),
      ends_(std::move(ends)),
      groups_(options.partitions),
      thread_([this] { run(); }) {}

EmbeddedEventLog::~EmbeddedEventLog() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    work_.notify_one();
  }
  thread_.join();
}

Status EmbeddedEventLog::append(Record record, AppendDone done) {
  if (record.deletion) record.value.clear();
  const std::size_t bytes = bytes_of(record);
  // What was once taken can always be parked, however much less a log takes by now.
  if (record.topic != options_.parked_topic && bytes > options_.record_bytes_max)
    return Error{ErrorCode::invalid, "the record is larger than the log takes"};
  if (is_compacted(record.topic) && record.key.empty())
    return Error{ErrorCode::invalid, "topic " + record.topic + " is compacted: a record needs a key"};
  const auto partition =
      static_cast<std::int32_t>(hash_of(record.key) % static_cast<std::uint64_t>(options_.partitions));
  const std::scoped_lock lock(mutex_);
  if (!has_topic(record.topic)) return no_such_topic(record.topic);
  if (unanswered_ >= options_.queue_records_max || unanswered_bytes_ + bytes > options_.queue_bytes_max)
    return Error{ErrorCode::overloaded, "the log's queue is full"};
  ++unanswered_;
  unanswered_bytes_ += bytes;
  TopicPartition at{record.topic, Partition{partition}};
  appends_.push_back({std::move(at), std::move(record), bytes, std::move(done)});
  work_.notify_one();
  return ok();
}

Status EmbeddedEventLog::flush(Milliseconds deadline) {
  std::unique_lock lock(mutex_);
  if (news_.wait_for(lock, deadline, [&] { return unanswered_ == 0; })) return ok();
  return Error{ErrorCode::timeout, "appends are still unanswered"};
}

Result<std::unique_ptr<EventConsumer>> EmbeddedEventLog::subscribe(std::string group,
                                                                   std::vector<std::string> topics) {
  TRY_STATUS(check_topics(topics));
  TRY_STATUS(ask<void>([=](LogStorage& storage) { return storage.add_group(group, topics); }));
  const std::scoped_lock lock(mutex_);
  const ConsumerGroups::MemberId member = groups_.join(group, std::move(topics));
  news_.notify_all();
  return std::make_unique<Consumer>(*this, std::move(group), member);
}

Result<std::optional<StoredRecord>> EmbeddedEventLog::read(const Position& position) {
  return ask<std::optional<StoredRecord>>([=](LogStorage& storage) -> Result<std::optional<StoredRecord>> {
    TRY(std::vector<StoredRecord> found, storage.fetch({position.topic, position.partition}, position.offset,
                                                       {.records_max = 1, .bytes_max = 1}));
    if (found.empty() || found.front().position != position) return std::nullopt;
    return std::move(found.front());
  });
}

Result<std::unique_ptr<LogScan>> EmbeddedEventLog::scan(const ScanRange& range) {
  TRY_STATUS(check_range(range));
  const Ends ends = ends_of(range.topic);
  const auto end = ends.find({range.topic, range.partition});
  if (ends.empty()) return no_such_topic(range.topic);
  if (end == ends.end())
    return Error{ErrorCode::wrong_schema,
                 "topic " + range.topic + " has no partition " + std::to_string(range.partition.value)};
  return std::unique_ptr<LogScan>(std::make_unique<Scan>(*this, range, end->second));
}

Result<std::unique_ptr<LogTail>> EmbeddedEventLog::tail(const std::string& topic) {
  return std::unique_ptr<LogTail>(std::make_unique<Tail>(*this, topic));
}

Result<GroupProgress> EmbeddedEventLog::progress(const std::string& group, const std::string& topic) {
  Ends ends = ends_of(topic);
  if (ends.empty()) return no_such_topic(topic);
  std::unique_lock lock(mutex_);
  const int members = groups_.members(group);
  std::map<TopicPartition, std::string> notes;
  for (const auto& [partition, end] : ends)
    if (const auto note = notes_.find({group, partition}); note != notes_.end())
      notes[partition] = note->second;
  lock.unlock();
  return ask<GroupProgress>(
      [=, ends = std::move(ends), notes = std::move(notes)](LogStorage& storage) -> Result<GroupProgress> {
        GroupProgress progress{.partitions = {}, .members = members};
        for (const auto& [partition, end] : ends) {
          TRY(const Offset start, storage.start(partition));
          TRY(const std::optional<Offset> committed, storage.committed(group, partition));
          const auto note = notes.find(partition);
          progress.partitions.push_back({partition.partition, std::max(start, committed.value_or(start)), end,
                                         note == notes.end() ? std::string{} : note->second});
        }
        return progress;
      });
}

Status EmbeddedEventLog::create_topics(const std::vector<std::string>& topics) {
  const std::int32_t partitions = options_.partitions;
  TRY(const Ends ends, ask<Ends>([=](LogStorage& storage) -> Result<Ends> {
        TRY_STATUS(storage.create_topics(topics, partitions));
        return storage.ends();
      }));
  const std::scoped_lock lock(mutex_);
  ends_.insert(ends.begin(), ends.end());  // existing ones may be further by now
  return ok();
}

Status EmbeddedEventLog::ready(const std::vector<std::string>& topics) {
  TRY_STATUS(check_topics(topics));
  const std::size_t bytes = options_.record_bytes_max;
  return ask<void>([=](LogStorage& storage) { return storage.probe(bytes); }, kReadyDeadline);
}

// Each piece is a question of its own, and the thread writes appends before it answers the next one.
class EmbeddedEventLog::Pruning {
 public:
  Pruning(EmbeddedEventLog& log, Timestamp older_than, const StillParked& still_parked)
      : log_(log), older_than_(older_than), still_parked_(still_parked) {}

  Result<bool> run() {
    const PieceLimits limits = log_.options_.piece;
    const auto is_spared = [parked = log_.options_.parked_topic](const std::string& topic) {
      return topic == parked || is_compacted(topic);
    };
    TRY_STATUS(repeat([older_than = older_than_, is_spared, limits](LogStorage& storage) {
      return storage.prune(older_than, is_spared, limits);
    }));
    const Timestamp deletions_before = log_.clock_.now() - log_.options_.deletions_kept;
    TRY_STATUS(repeat([deletions_before, limits](LogStorage& storage) {
      return storage.compact(deletions_before, limits);
    }));
    if (still_parked_) {
      TRY_STATUS(drop_letters());
    }
    TRY_STATUS(drop_aged());
    TRY_STATUS(repeat([limits](LogStorage& storage) { return storage.shrink(limits); }));
    return unfinished_;
  }

 private:
  bool take_piece() {
    if (pieces_ == 0) unfinished_ = true;
    return pieces_ > 0 && pieces_-- > 0;
  }

  Status repeat(const std::function<Result<bool>(LogStorage&)>& piece) {
    pieces_ = log_.options_.pieces_max;
    for (bool more = true; more && take_piece();) {
      TRY(more, log_.ask<bool>(piece));
    }
    return ok();
  }

  Status drop_letters() {
    pieces_ = log_.options_.pieces_max;
    for (const auto& [partition, end] : log_.ends_of(log_.options_.parked_topic)) {
      TRY_STATUS(drop_letters_of(partition));
    }
    return ok();
  }

  // Goes on where the run before ended; once it is through, the next begins anew.
  Status drop_letters_of(const TopicPartition& partition) {
    Offset& from = log_.letters_looked_at_[partition];
    while (take_piece()) {
      TRY(const std::vector<StoredRecord> letters, records_before(older_than_, partition, from));
      if (letters.empty()) {
        from = Offset{0};
        return ok();
      }
      TRY_STATUS(drop_decided(letters));
      from = Offset{letters.back().position.offset.value + 1};
    }
    return ok();
  }

  Result<std::vector<StoredRecord>> records_before(Timestamp time, const TopicPartition& partition,
                                                   Offset from) {
    const PieceLimits& piece = log_.options_.piece;
    const FetchLimits limits{.records_max = piece.records_max, .bytes_max = piece.bytes_max};
    TRY(auto records, log_.ask<std::vector<StoredRecord>>(
                          [=](LogStorage& storage) { return storage.fetch(partition, from, limits); }));
    const auto young = std::find_if(records.begin(), records.end(), [time](const StoredRecord& record) {
      return record.appended_at >= time;
    });
    records.erase(young, records.end());
    return records;
  }

  // What ages out whoever has read it.
  Status drop_aged() {
    pieces_ = log_.options_.pieces_max;
    for (const auto& [partition, end] : log_.ends_of(std::string(kClaimsTopic))) {
      TRY_STATUS(drop_before(log_.clock_.now() - kClaimsKept, partition));
    }
    return ok();
  }

  Status drop_before(Timestamp time, const TopicPartition& partition) {
    while (take_piece()) {
      TRY(const auto aged, records_before(time, partition, Offset{0}));
      if (aged.empty()) return ok();
      std::vector<Position> positions;
      for (const auto& record : aged) positions.push_back(record.position);
      TRY_STATUS(drop(std::move(positions)));
    }
    return ok();
  }

  // Asks on the caller's thread: appends do not wait for the answer.
  Status drop_decided(const std::vector<StoredRecord>& letters) {
    TRY(const std::vector<bool> kept, still_parked_(letters));
    CHECK(kept.size() == letters.size());
    std::vector<Position> decided;
    for (std::size_t i = 0; i < letters.size(); ++i)
      if (!kept[i]) decided.push_back(letters[i].position);
    return drop(std::move(decided));
  }

  Status drop(std::vector<Position> positions) {
    if (positions.empty()) return ok();
    return log_.ask<void>(
        [positions = std::move(positions)](LogStorage& storage) { return storage.drop(positions); });
  }

  EmbeddedEventLog& log_;
  const Timestamp older_than_;
  const StillParked& still_parked_;
  int pieces_ = 0;           // left of what a run may make of a kind
  bool unfinished_ = false;  // there was a next piece, and none left to make
};

Result<bool> EmbeddedEventLog::prune(Timestamp older_than, const StillParked& still_parked) {
  return Pruning(*this, older_than, still_parked).run();
}

void EmbeddedEventLog::run() {
  while (true) {
    Work work = take_work();
    if (work.appends.empty() && work.commits.empty() && work.questions.empty()) return;
    if (!work.appends.empty() || !work.commits.empty()) write(work);
    for (const Question& question : work.questions) question(*storage_);
  }
}

EmbeddedEventLog::Work EmbeddedEventLog::take_work() {
  std::unique_lock lock(mutex_);
  work_.wait(lock,
             [&] { return stopping_ || !appends_.empty() || !commits_.empty() || !questions_.empty(); });
  Work work;
  auto taken = appends_.begin();
  std::size_t records = 0, bytes = 0;
  while (taken != appends_.end() && records < options_.batch_records_max &&
         bytes < options_.batch_bytes_max) {
    bytes += taken->bytes;
    ++records;
    ++taken;
  }
  work.appends.assign(std::make_move_iterator(appends_.begin()), std::make_move_iterator(taken));
  appends_.erase(appends_.begin(), taken);
  work.commits.swap(commits_);
  work.questions.swap(questions_);
  return work;
}

void EmbeddedEventLog::write(Work& work) {
  const std::vector<NewRecord> placed = place(work.appends);
  std::vector<GroupOffset> offsets;
  for (const PendingCommit& commit : work.commits)
    offsets.insert(offsets.end(), commit.offsets.begin(), commit.offsets.end());
  const Status written = storage_->write(placed, offsets);
  publish(placed, written);
  for (PendingCommit& commit : work.commits) commit.answer.set_value(written);
  answer(work.appends, placed, written);
}

std::vector<NewRecord> EmbeddedEventLog::place(const std::vector<PendingAppend>& appends) const {
  const Timestamp now = clock_.now();
  std::unique_lock lock(mutex_);
  Ends ends = ends_;
  lock.unlock();
  std::vector<NewRecord> placed;
  placed.reserve(appends.size());
  for (const PendingAppend& append : appends) {
    Offset& end = ends.at(append.partition);
    placed.push_back({.position = {append.partition.topic, append.partition.partition, end},
                      .appended_at = now,
                      .record = &append.record,
                      .compacted = is_compacted(append.partition.topic)});
    ++end.value;
  }
  return placed;
}

void EmbeddedEventLog::publish(const std::vector<NewRecord>& placed, const Status& written) {
  const std::scoped_lock lock(mutex_);
  if (!written && !last_write_failed_)
    log::error("event log cannot be written", {{"error", written.error().detail}});
  if (written && last_write_failed_) log::info("event log is written again");
  last_write_failed_ = !written;
  if (!written) return;
  for (const NewRecord& record : placed)
    ends_[{record.position.topic, record.position.partition}] = Offset{record.position.offset.value + 1};
  news_.notify_all();
}

void EmbeddedEventLog::answer(std::vector<PendingAppend>& appends, const std::vector<NewRecord>& placed,
                              const Status& written) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < appends.size(); ++i) {
    bytes += appends[i].bytes;
    appends[i].done(written ? Result<Position>(placed[i].position) : Result<Position>(written.error()));
  }
  const std::scoped_lock lock(mutex_);
  unanswered_ -= appends.size();
  unanswered_bytes_ -= bytes;
  if (unanswered_ == 0) news_.notify_all();
}

EmbeddedEventLog::Ends EmbeddedEventLog::ends_of(const std::string& topic) const {
  const std::scoped_lock lock(mutex_);
  Ends ends;
  for (const auto& [partition, end] : ends_)
    if (partition.topic == topic) ends[partition] = end;
  return ends;
}

bool EmbeddedEventLog::has_topic(const std::string& topic) const {
  return ends_.contains({topic, Partition{0}});
}

Status EmbeddedEventLog::check_topics(const std::vector<std::string>& topics) const {
  const std::scoped_lock lock(mutex_);
  for (const std::string& topic : topics)
    if (!has_topic(topic)) return no_such_topic(topic);
  return ok();
}

}  // namespace penstock
