#include "ingress/claims/claims.h"

#include <prometheus/gauge.h>

#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/key_extractors.hpp>
#include <boost/multi_index/ordered_index.hpp>
#include <boost/multi_index_container.hpp>

#include <numeric>
#include <utility>

namespace penstock {
namespace {

namespace index = boost::multi_index;

constexpr std::size_t kBytesBesides = 512;  // of what holds a claim together
// A claim that has ceased to hold by one ingress' clock still decides about what another's has appended meanwhile.
constexpr Milliseconds kClocksDiffer = std::chrono::minutes{10};

std::string_view key_of(const Claim& claim) noexcept { return claim->key; }
Timestamp time_of(const Claim& claim) noexcept { return claim->appended_at; }

std::size_t bytes_of(const StoredRecord& record) noexcept {
  return std::accumulate(
      record.headers.begin(), record.headers.end(), record.key.size() + record.value.size() + kBytesBesides,
      [](std::size_t sum, const auto& header) { return sum + header.first.size() + header.second.size(); });
}

}  // namespace

// The claims that hold, by key and by age.
struct Claims::Table {
  Table(std::size_t bytes_at_most, Metrics& metrics)
      : bytes_max(bytes_at_most),
        gauge(prometheus::BuildGauge()
                  .Name("penstock_ingress_claims")
                  .Help("Idempotency keys whose first answer this ingress knows")
                  .Register(metrics.registry())
                  .Add({})) {}

  const Claim* find(std::string_view key) const {
    const auto found = claims.get<0>().find(key);
    return found == claims.get<0>().end() ? nullptr : &*found;
  }
  void put(Claim claim) {
    if (const auto known = claims.get<0>().find(key_of(claim)); known != claims.get<0>().end()) {
      bytes -= bytes_of(**known);
      claims.get<0>().erase(known);
    }
    bytes += bytes_of(*claim);
    claims.insert(std::move(claim));
    while (bytes > bytes_max) drop_oldest();
  }
  void drop_before(Timestamp time) {
    while (!claims.empty() && time_of(*claims.get<1>().begin()) <= time) drop_oldest();
    gauge.Set(static_cast<double>(claims.size()));
  }
  void drop_oldest() {
    const auto oldest = claims.get<1>().begin();
    bytes -= bytes_of(**oldest);
    claims.get<1>().erase(oldest);
  }

  using ByKey = index::hashed_unique<index::global_fun<const Claim&, std::string_view, key_of>,
                                     std::hash<std::string_view>>;
  using ByAge = index::ordered_non_unique<index::global_fun<const Claim&, Timestamp, time_of>>;
  boost::multi_index_container<Claim, index::indexed_by<ByKey, ByAge>> claims;
  const std::size_t bytes_max;
  std::size_t bytes = 0;
  prometheus::Gauge& gauge;
};

Claims::Claims(ClaimsOptions options, const Clock& clock, Metrics& metrics)
    : options_(options), clock_(clock), table_(std::make_unique<Table>(options.bytes_max, metrics)) {}

Claims::~Claims() = default;

Status Claims::ready() const {
  if (log_answers_ && !is_whole_)
    return Error{ErrorCode::unavailable,
                 "the answers to idempotency keys have not been read from the log yet"};
  return ok();
}

Claim Claims::find(std::string_view key) const {
  const std::scoped_lock lock(mutex_);
  const Claim* known = table_->find(key);
  return known != nullptr && clock_.now() < (*known)->appended_at + options_.kept ? *known : nullptr;
}

void Claims::decide(std::string key, const Position& appended, Decided decided) {
  std::unique_lock lock(mutex_);
  Result<Claim> known = held(key);
  if (const auto next = next_.find(appended.partition);
      next == next_.end() || next->second <= appended.offset) {
    if (waiting_.size() < options_.waiting_max) {
      waiting_.emplace(Place{appended.partition, appended.offset},
                       Waiting{std::move(key), clock_.uptime() + options_.patience, std::move(decided)});
      return;
    }
    known = Error{ErrorCode::overloaded, "too many requests wait for their claims"};
  }
  lock.unlock();
  decided(std::move(known));
}

void Claims::take(const TailBatch& batch) {
  std::unique_lock lock(mutex_);
  if (batch.anew) next_.clear();
  for (const auto& record : batch.records) read(record);
  auto calls = take_decided();
  lock.unlock();
  if (batch.present) is_whole_ = true;
  make(std::move(calls));
}

void Claims::let_go_of_late() {
  std::unique_lock lock(mutex_);
  table_->drop_before(clock_.now() - options_.kept - kClocksDiffer);
  auto calls = take_late();
  lock.unlock();
  make(std::move(calls));
}

void Claims::make(std::vector<Call> calls) {
  for (auto& call : calls) call.decided(std::move(call.with));
}

Result<Claim> Claims::held(std::string_view key) const {
  if (const Claim* known = table_->find(key)) return *known;
  return Error{ErrorCode::unavailable, "the claim is not known any more"};
}

void Claims::read(const StoredRecord& record) {
  next_[record.position.partition] = Offset{record.position.offset.value + 1};
  const Claim* known = table_->find(record.key);
  const bool holds = known == nullptr || record.appended_at >= (*known)->appended_at + options_.kept;
  if (holds) table_->put(std::make_shared<const StoredRecord>(record));
}

std::vector<Claims::Call> Claims::take_decided() {
  std::vector<Call> calls;
  for (const auto& [partition, next] : next_) {
    const auto end = waiting_.lower_bound({partition, next});
    for (auto each = waiting_.lower_bound({partition, Offset{0}}); each != end; each = waiting_.erase(each))
      calls.push_back({std::move(each->second.decided), held(each->second.key)});
  }
  return calls;
}

std::vector<Claims::Call> Claims::take_late() {
  std::vector<Call> calls;
  const Milliseconds now = clock_.uptime();
  for (auto each = waiting_.begin(); each != waiting_.end();) {
    if (now < each->second.until) {
      ++each;
      continue;
    }
    calls.push_back({std::move(each->second.decided),
                     Error{ErrorCode::timeout, "the claim was not read back from the log in time"}});
    each = waiting_.erase(each);
  }
  return calls;
}

}  // namespace penstock
