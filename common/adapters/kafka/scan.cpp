#include "common/adapters/kafka/scan.h"

#include <algorithm>

#include "common/adapters/kafka/records.h"
#include "common/adapters/kafka/settings.h"

namespace penstock::kafka {
namespace {

using SteadyClock = std::chrono::steady_clock;

bool is_out_of_range(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
}

}  // namespace

Result<ScanSlot> ScanSlot::take(std::shared_ptr<std::atomic<int>> open, int scans_max) {
  ++*open;
  ScanSlot slot(std::move(open));
  if (*slot.open_ > scans_max)
    return Error{ErrorCode::overloaded,
                 "kafka scan: " + std::to_string(scans_max) + " are open already, close one"};
  return slot;
}

ScanSlot::~ScanSlot() {
  if (open_) --*open_;
}

Result<std::unique_ptr<LogScan>> Scan::open(const KafkaOptions& options, const ScanRange& range,
                                            ScanSlot slot) {
  std::unique_ptr<Scan> scan(new Scan(options, range, std::move(slot)));
  TRY_STATUS(scan->begin());
  return std::unique_ptr<LogScan>(std::move(scan));
}

Status Scan::begin() {
  TRY(Conf conf, make_conf(bulk_reader_settings(options_)));
  TRY(handle_, make_handle(RD_KAFKA_CONSUMER, std::move(conf)));
  rd_kafka_poll_set_consumer(handle_.get());
  TRY(end_, ask(RD_KAFKA_OFFSET_END));
  if (range_.to) end_ = std::min(end_, *range_.to);
  if (!range_.since) return ok();
  // The first record of that time or later; the end when there is none.
  TRY(const Offset since, ask(std::max<std::int64_t>(0, to_unix_ms(*range_.since))));
  next_ = std::max(next_, since.value < 0 ? end_ : since);
  return ok();
}

// A time, or one of the two special ones of Kafka's ListOffsets request.
Result<Offset> Scan::ask(std::int64_t what) const {
  const Partitions asked = partition_at(what);
  TRY_STATUS(fill_with_offsets(handle_.get(), *asked, options_.call_deadline));
  return Offset{asked->elems[0].offset};
}

Partitions Scan::partition_at(std::int64_t offset) const {
  Partitions list(rd_kafka_topic_partition_list_new(1));
  const std::string topic = options_.topic_prefix + range_.topic;
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), range_.partition.value)->offset = offset;
  return list;
}

Result<ScanBatch> Scan::next(std::size_t records_max, Milliseconds deadline) {
  const auto until = SteadyClock::now() + deadline;
  const Offset before = next_;
  ScanBatch batch;
  std::size_t bytes = 0;
  while (next_ < end_ && batch.records.size() < std::max<std::size_t>(records_max, 1) &&
         bytes < options_.poll_bytes_max) {
    if (!assigned_) {
      TRY_STATUS(assign());
    }
    const auto left = std::chrono::ceil<Milliseconds>(until - SteadyClock::now());
    const auto wait = batch.records.empty() ? std::max(left, Milliseconds{0}) : Milliseconds{0};
    const Message message(rd_kafka_consumer_poll(handle_.get(), static_cast<int>(wait.count())));
    if (message) {
      heard_at_ = SteadyClock::now();
      const std::size_t had = batch.records.size();
      const Status taken = take(*message, batch.records);
      if (!taken && batch.records.empty()) return taken.error();
      if (!taken) break;  // comes again
      if (batch.records.size() > had) bytes += batch.records.back().value.size();
    }
    if (!batch.records.empty() ? !message : SteadyClock::now() >= until) break;
  }
  batch.done = next_ >= end_;
  if (next_ != before || batch.done) return batch;
  // A client may have stopped fetching: the next call has it begin again.
  if (SteadyClock::now() - heard_at_ >= options_.stalled_after) assigned_ = false;
  return error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, "kafka scan");
}

Status Scan::assign() {
  const auto failed = rd_kafka_assign(handle_.get(), partition_at(next_.value).get());
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(failed, "kafka scan");
  assigned_ = true;
  heard_at_ = SteadyClock::now();
  return ok();
}

// Retention was faster, or nothing is left where the scan would go on.
Status Scan::pass_over_what_is_gone() {
  assigned_ = false;
  TRY(const Offset start, ask(RD_KAFKA_OFFSET_BEGINNING));
  next_ = start > next_ ? std::min(start, end_) : end_;
  return ok();
}

Status Scan::take(const rd_kafka_message_t& message, std::vector<StoredRecord>& records) {
  if (is_out_of_range(message.err)) return pass_over_what_is_gone();
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    next_ = end_;  // what is left, if anything, are the marks of transactions, or was taken back
    return ok();
  }
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    assigned_ = false;
    return error_of(message.err, "kafka scan");
  }
  next_ = std::min(end_, Offset{message.offset + 1});
  if (message.offset >= end_.value) return ok();
  StoredRecord record = to_stored_record(message, options_.topic_prefix);
  if (is_within_times(range_, record.appended_at)) records.push_back(std::move(record));
  return ok();
}

}  // namespace penstock::kafka
