#include "tests/contract/event_log/support.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <iterator>
#include <random>

namespace penstock {

using SteadyClock = std::chrono::steady_clock;

std::string unique_prefix() {
  std::random_device random;
  return "test-" + std::to_string(getpid()) + "-" + std::to_string(random()) + ".";
}

Record make_record(std::string key, std::string value, std::string topic) {
  return {.topic = std::move(topic), .key = std::move(key), .value = std::move(value), .headers = {}};
}

std::future<Result<Position>> append_later(EventLog& log, Record record) {
  auto answer = std::make_shared<std::promise<Result<Position>>>();
  std::future<Result<Position>> future = answer->get_future();
  const Status accepted = log.append(
      std::move(record), [answer](Result<Position> result) { answer->set_value(std::move(result)); });
  if (!accepted) answer->set_value(accepted.error());
  return future;
}

Result<Position> append_and_wait(EventLog& log, Record record) {
  std::future<Result<Position>> answer = append_later(log, std::move(record));
  if (answer.wait_for(kPatience) != std::future_status::ready)
    return Error{ErrorCode::internal, "the append was never answered"};
  return answer.get();
}

std::vector<StoredRecord> poll_records(EventConsumer& consumer, std::size_t count) {
  std::vector<StoredRecord> all;
  const auto receive = [&](EventConsumer&, std::vector<StoredRecord> records) {
    std::move(records.begin(), records.end(), std::back_inserter(all));
  };
  (void)poll_until({&consumer}, receive, [&] { return all.size() >= count; });
  return all;
}

bool poll_until(const std::vector<EventConsumer*>& consumers,
                const std::function<void(EventConsumer&, std::vector<StoredRecord>)>& receive,
                const std::function<bool()>& condition) {
  const auto until = SteadyClock::now() + kPatience;
  while (!condition()) {
    if (SteadyClock::now() >= until) return false;
    for (EventConsumer* consumer : consumers) {
      Result<std::vector<StoredRecord>> polled = consumer->poll(100, Milliseconds{50});
      if (polled)
        receive(*consumer, std::move(polled.value()));
      else
        ADD_FAILURE() << "poll: " << polled.error().detail;
    }
  }
  return true;
}

std::vector<StoredRecord> rest_of(LogScan& scan) {
  std::vector<StoredRecord> all;
  const auto until = SteadyClock::now() + kPatience;
  while (SteadyClock::now() < until) {
    Result<ScanBatch> batch = scan.next(100, kPatience);
    if (!batch) {
      ADD_FAILURE() << "scan: " << batch.error().detail;
      return all;
    }
    std::move(batch.value().records.begin(), batch.value().records.end(), std::back_inserter(all));
    if (batch.value().done) return all;
  }
  ADD_FAILURE() << "the scan does not end";
  return all;
}

std::vector<StoredRecord> read_to_present(LogTail& tail) {
  std::vector<StoredRecord> all;
  const auto until = SteadyClock::now() + kPatience;
  while (SteadyClock::now() < until) {
    Result<TailBatch> batch = tail.next(1'000, Milliseconds{200});
    if (!batch) continue;
    if (batch.value().anew) all.clear();
    std::move(batch.value().records.begin(), batch.value().records.end(), std::back_inserter(all));
    if (batch.value().present) return all;
  }
  ADD_FAILURE() << "the tail does not reach the present";
  return all;
}

std::vector<Position> positions_of(const std::vector<StoredRecord>& records) {
  std::vector<Position> positions;
  for (const StoredRecord& record : records) positions.push_back(record.position);
  return positions;
}

std::vector<std::string> values_of(const std::vector<StoredRecord>& records) {
  std::vector<std::string> values;
  for (const StoredRecord& record : records) values.push_back(record.value);
  return values;
}

}  // namespace penstock
