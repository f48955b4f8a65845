// A reading of a part of a Kafka partition.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "common/adapters/kafka/handles.h"
#include "common/adapters/kafka/options.h"
#include "common/ports/log_scan.h"

namespace penstock::kafka {

// One of the few scans that may be open at once: each has a client, with its threads and connections.
class ScanSlot {
 public:
  // Errors: overloaded. `open` counts the scans.
  static Result<ScanSlot> take(std::shared_ptr<std::atomic<int>> open, int scans_max);
  ScanSlot(ScanSlot&&) noexcept = default;
  ScanSlot& operator=(ScanSlot&&) = delete;
  ~ScanSlot();

 private:
  explicit ScanSlot(std::shared_ptr<std::atomic<int>> open) : open_(std::move(open)) {}

  std::shared_ptr<std::atomic<int>> open_;  // null once moved from
};

// Has a client of its own. Opening asks the cluster for the partition's edges, for two call deadlines at most.
class Scan final : public LogScan {
 public:
  // The partition must exist. Errors: unavailable, timeout.
  static Result<std::unique_ptr<LogScan>> open(const KafkaOptions& options, const ScanRange& range,
                                               ScanSlot slot);

  Result<ScanBatch> next(std::size_t records_max, Milliseconds deadline) override;
  Offset position() const noexcept override { return next_; }

 private:
  Scan(const KafkaOptions& options, ScanRange range, ScanSlot slot)
      : options_(options), range_(std::move(range)), next_(range_.from), slot_(std::move(slot)) {}

  Status begin();
  Result<Offset> ask(std::int64_t what) const;
  Partitions partition_at(std::int64_t offset) const;
  Status assign();
  Status pass_over_what_is_gone();
  Status take(const rd_kafka_message_t& message, std::vector<StoredRecord>& records);

  const KafkaOptions options_;
  const ScanRange range_;
  Offset next_;
  Offset end_;
  const ScanSlot slot_;
  Handle handle_;
  bool assigned_ = false;
  std::chrono::steady_clock::time_point heard_at_;  // something, or was assigned
};

}  // namespace penstock::kafka
