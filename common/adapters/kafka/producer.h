// The appending half of the Kafka log: one idempotent producer and the thread
// that serves its delivery reports.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/adapters/kafka/handles.h"
#include "common/adapters/kafka/options.h"
#include "common/adapters/kafka/settings.h"
#include "common/ports/event_log.h"

namespace penstock::kafka {

// All methods may be called from any thread.
//
// Only a record's own delivery report answers its append. A fatal error of the idempotent producer (it can no
// longer promise order without duplicates) answers everything that is under way with unknown_outcome, and a
// new producer takes its place; until then appends are refused as unavailable.
class Producer {
 public:
  // Does not wait for the cluster. Errors: invalid settings.
  static Result<std::unique_ptr<Producer>> open(const KafkaOptions& options);
  // Waits for the answers for as long as the append deadline allows, then gives
  // up on the rest, answering each.
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // Never blocks. The value is moved, not copied: librdkafka sends from this record's memory and gives it
  // back with the delivery report. Key and headers are copied.
  Status append(Record record, AppendDone done);
  Status flush(Milliseconds deadline);

  // The client to ask the cluster with.
  std::shared_ptr<rd_kafka_t> client();

 private:
  struct Pending;

  explicit Producer(KafkaOptions options) : options_(std::move(options)) {}
  Result<Handle> make_instance();
  bool fits(const Record& record) const;

  // Callbacks of librdkafka, from thread_ while it polls.
  static void on_delivery(rd_kafka_t* handle, const rd_kafka_message_t* message, void* producer) noexcept;
  static void on_error(rd_kafka_t* handle, int code, const char* reason, void* producer) noexcept;
  void answered() noexcept;

  void serve();
  void replace_instance();
  void give_up(rd_kafka_t* handle);

  const KafkaOptions options_;
  Outage outage_{"producer"};

  // Only thread_ exchanges the instance.
  std::shared_mutex instance_mutex_;
  std::shared_ptr<rd_kafka_t> instance_;

  std::atomic<std::size_t> unanswered_ = 0;
  std::mutex answered_mutex_;
  std::condition_variable all_answered_;

  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace penstock::kafka
