// The event log of one process: a thread that owns a LogStorage, writes appends and offset commits in groups
// of one transaction each, and answers reads in between. So many appenders at once share one fsync, the
// storage needs no locks, and a steady stream of appends cannot starve a consumer.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "common/adapters/embedded/consumer_groups.h"
#include "common/adapters/embedded/log_storage.h"
#include "common/ports/clock.h"
#include "common/ports/event_log.h"

namespace penstock {

struct EmbeddedLogOptions {
  std::int32_t partitions = 1;             // of every topic; must be the same at every start
  std::size_t record_bytes_max = 1 << 20;  // key, value and headers, of all topics but that of dead letters
  std::string parked_topic = "parked";     // dead letters
  std::size_t queue_records_max = 10'000;  // appends not answered yet
  std::size_t queue_bytes_max = 64 << 20;
  std::size_t batch_records_max = 256;    // written in one transaction
  std::size_t batch_bytes_max = 4 << 20;  // passed by the last record at most
  std::size_t poll_bytes_max = 8 << 20;
  Milliseconds answer_deadline{10'000};  // of calls that block

  Milliseconds deletions_kept = kDeletionsKept;       // in compacted topics, at least
  Milliseconds tail_anew_after = kDeletionsKept / 2;  // of not being up to date

  // prune(): appends are answered between the pieces, and a run has so many of each kind: records, dead
  // letters, what is replaced in compacted topics, room given back.
  PieceLimits piece{.records_max = 250, .bytes_max = 1 << 20, .time_max = Milliseconds{5}};
  int pieces_max = 200;
};

// EventLog's guarantees, with these particulars: an append waits for the disk without a deadline of its
// own (a disk that hangs answers late); an append to a topic that does not exist is refused with
// wrong_schema; a group's partitions go to its eldest members; after a change of generation a consumer
// starts again at the committed offsets. Consumers, scans and tails must be gone before the log is. The
// destructor answers what was accepted, then stops.
class EmbeddedEventLog : public EventLog {
 public:
  // The clock must outlive the log. Errors: those of LogStorage::ends().
  static Result<std::unique_ptr<EmbeddedEventLog>> open(const EmbeddedLogOptions& options,
                                                        std::unique_ptr<LogStorage> storage,
                                                        const Clock& clock);
  ~EmbeddedEventLog() override;

  Status append(Record record, AppendDone done) override;
  Status flush(Milliseconds deadline) override;
  Result<std::unique_ptr<EventConsumer>> subscribe(std::string group,
                                                   std::vector<std::string> topics) override;
  Result<std::optional<StoredRecord>> read(const Position& position) override;
  Result<std::unique_ptr<LogScan>> scan(const ScanRange& range) override;
  Result<std::unique_ptr<LogTail>> tail(const std::string& topic) override;
  Result<GroupProgress> progress(const std::string& group, const std::string& topic) override;
  Status create_topics(const std::vector<std::string>& topics) override;
  Status ready(const std::vector<std::string>& topics) override;
  Result<bool> prune(Timestamp older_than, const StillParked& still_parked) override;

 private:
  class Consumer;
  class Cursor;
  class Pruning;
  class Scan;
  class Tail;
  using Ends = std::map<TopicPartition, Offset>;
  using Notes = std::map<std::pair<std::string, TopicPartition>, std::string>;  // by group and partition

  struct PendingAppend {
    TopicPartition partition;
    Record record;
    std::size_t bytes = 0;
    AppendDone done;
  };
  struct PendingCommit {
    std::vector<GroupOffset> offsets;
    std::promise<Status> answer;
  };
  using Question = std::function<void(LogStorage&)>;

  // What the thread does in one turn.
  struct Work {
    std::vector<PendingAppend> appends;
    std::vector<PendingCommit> commits;
    std::vector<Question> questions;
  };

  EmbeddedEventLog(const EmbeddedLogOptions& options, std::unique_ptr<LogStorage> storage, const Clock& clock,
                   Ends ends);

  // Of the log's thread.
  void run();
  Work take_work();
  void write(Work& work);
  std::vector<NewRecord> place(const std::vector<PendingAppend>& appends) const;
  void answer(std::vector<PendingAppend>& appends, const std::vector<NewRecord>& placed,
              const Status& written);
  void publish(const std::vector<NewRecord>& placed, const Status& written);

  // Puts the question to the log's thread and waits for the answer, bounded.
  template <class T>
  Result<T> ask(std::function<Result<T>(LogStorage&)> question) {
    return ask<T>(std::move(question), options_.answer_deadline);
  }
  template <class T>
  Result<T> ask(std::function<Result<T>(LogStorage&)> question, Milliseconds deadline);

  static Error no_such_topic(const std::string& topic);
  bool has_topic(const std::string& topic) const;  // under mutex_
  Ends ends_of(const std::string& topic) const;
  Status check_topics(const std::vector<std::string>& topics) const;

  static constexpr std::size_t kQuestionsMax = 1000;

  const EmbeddedLogOptions options_;
  const Clock& clock_;
  const std::unique_ptr<LogStorage> storage_;  // used by thread_ only

  mutable std::mutex mutex_;
  std::condition_variable work_;  // something for the thread to do
  std::condition_variable news_;  // something was written, answered, or dealt out anew
  std::deque<PendingAppend> appends_;
  std::vector<PendingCommit> commits_;
  std::vector<Question> questions_;
  std::size_t unanswered_ = 0;  // appends, those being written included
  std::size_t unanswered_bytes_ = 0;
  Ends ends_;  // of what is durable
  ConsumerGroups groups_;
  Notes notes_;
  bool last_write_failed_ = false;  // logged once per change
  bool stopping_ = false;

  Ends letters_looked_at_;  // of prune(), whose runs may end before all were

  std::thread thread_;  // last: it uses all of the above
};

template <class T>
Result<T> EmbeddedEventLog::ask(std::function<Result<T>(LogStorage&)> question, Milliseconds deadline) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  std::future<Result<T>> answer = promise->get_future();
  {
    const std::scoped_lock lock(mutex_);
    if (questions_.size() >= kQuestionsMax)
      return Error{ErrorCode::overloaded, "too many reads wait for the log"};
    questions_.push_back([promise, question = std::move(question)](LogStorage& storage) {
      promise->set_value(question(storage));
    });
    work_.notify_one();
  }
  if (answer.wait_for(deadline) != std::future_status::ready)
    return Error{ErrorCode::timeout, "the log did not answer in time"};
  return answer.get();
}

}  // namespace penstock
