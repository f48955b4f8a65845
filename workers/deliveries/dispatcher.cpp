#include "workers/deliveries/dispatcher.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "workers/deliveries/envelope.h"
#include "workers/deliveries/verdict.h"
#include "workers/domain/outbound/outbound.h"
#include "workers/runtime/batch.h"

namespace penstock {
namespace {

// Of one turn, so that what comes back is never kept waiting for long.
constexpr std::size_t kClaimedAtOnce = 256;
constexpr std::size_t kLookedAtAtOnce = 256;
constexpr std::size_t kSentAtOnce = 256;
constexpr std::size_t kWrittenAtOnce = 256;
// Deliveries of one endpoint that wait in memory.
constexpr std::size_t kRefilledAtOnce = 64;
// What comes back within this time of the first is written with it.
constexpr Milliseconds kGatherTime{1};
// Bodies that are under way.
constexpr std::size_t kBytesInFlightMax = 32 * 1024 * 1024;
// An endpoint under way is looked at again for what was published meanwhile.
constexpr Milliseconds kLookInterval{50};
// Of an endpoint whose config is disabled or gone. Whoever changes the config wakes it.
constexpr Milliseconds kUnreachableFor = std::chrono::minutes{5};

// Of an endpoint that fails while too many that fail are under way: others have its place here meanwhile.
constexpr Milliseconds kCrowdedOutFor{1'000};

// An endpoint has no more than this part of the free places, so that the fewer there are the fewer each may take, and some are
// always left for others (dynamic thresholds: Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998).
constexpr std::size_t kPartOfFree = 8;
// Endpoints that fail leave this part of all places to those that do not.
constexpr std::size_t kPartForHealthy = 4;

std::string last_said(const SentDelivery& sent) {
  if (sent.result) return "the last answer was " + std::to_string(sent.result.value().status);
  return std::string("the last attempt ended with ").append(to_string(sent.result.error().error));
}

void drop_texts(SentDelivery& sent) {
  if (sent.result)
    sent.result.value().body.clear();
  else
    sent.result.error().detail.clear();
}

}  // namespace

// Outlives the dispatcher where the sender does.
struct Dispatcher::Inbox {
  struct CameBack {
    Returned returned;
    std::size_t bytes;
  };
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<CameBack> came_back;
};

Dispatcher::Dispatcher(DispatcherOptions options, const DispatcherPorts& ports)
    : options_(std::move(options)),
      ports_(ports),
      breaker_(options_.schedule),
      inbox_(std::make_shared<Inbox>()) {}

LeaseTerms Dispatcher::lease_terms() const {
  return {ports_.store, ports_.clock, options_.worker, options_.lease};
}

Status Dispatcher::turn() {
  TRY_STATUS(settle());
  if (!ports_.settings.current().filled()) return ok();
  TRY_STATUS(raise_alerts());
  TRY_STATUS(renew());
  TRY_STATUS(claim());
  // What was published for an endpoint since it was looked at does not wait for the next turn.
  bool more = true;
  for (int passes = 2; more && passes > 0; --passes) {
    TRY_STATUS(look());
    TRY_STATUS(send(choose()));
    TRY(more, give_back());
  }
  ports_.metrics.holds(owned_.size(), in_flight_);
  return ok();
}

void Dispatcher::wait(Milliseconds at_most) {
  std::unique_lock lock(inbox_->mutex);
  if (inbox_->changed.wait_for(lock, at_most, [&] { return !inbox_->came_back.empty(); }))
    inbox_->changed.wait_for(lock, kGatherTime, [&] { return inbox_->came_back.size() >= in_flight_; });
}

Status Dispatcher::close(Milliseconds at_most) {
  {
    std::unique_lock lock(inbox_->mutex);
    inbox_->changed.wait_for(lock, at_most, [&] { return inbox_->came_back.size() >= in_flight_; });
  }
  TRY_STATUS(settle());
  std::vector<ReturnedEndpoint> returned;
  for (auto& [id, owned] : owned_) {
    if (owned.in_flight > 0) continue;
    owned.endpoint.due_at = ports_.clock.now();
    owned.endpoint.paced_until = owned.pace.used_until(ports_.clock.now());
    returned.push_back({owned.endpoint, std::nullopt});
  }
  const auto done = return_endpoints(lease_terms(), std::move(returned));
  owned_.clear();
  return done ? ok() : Status(done.error());
}

// What comes back has made room, whether or not it can be written.
void Dispatcher::take_back() {
  std::vector<Inbox::CameBack> came_back;
  {
    const std::lock_guard lock(inbox_->mutex);
    came_back.swap(inbox_->came_back);
  }
  for (auto& [returned, bytes] : came_back) {
    --in_flight_;
    bytes_in_flight_ -= bytes;
    const auto& sent = returned.sent;
    if (Owned* owned = find_owned(sent.delivery.endpoint, returned.lease)) --owned->in_flight;
    const bool ended_by_us = !sent.result && sent.result.error().error == SendError::cancelled;
    if (!ended_by_us) unwritten_.push_back(std::move(returned));
  }
}

Dispatcher::Owned* Dispatcher::find_owned(const std::string& endpoint, std::uint64_t lease) {
  const auto owned = owned_.find(endpoint);
  return owned != owned_.end() && owned->second.lease == lease ? &owned->second : nullptr;
}

Status Dispatcher::settle() {
  take_back();
  while (!unwritten_.empty()) {
    const std::size_t count = std::min(unwritten_.size(), kWrittenAtOnce);
    TRY_STATUS(write(std::span(unwritten_).first(count)));
    unwritten_.erase(unwritten_.begin(), unwritten_.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return ok();
}

Status Dispatcher::write(std::span<const Returned> batch) {
  std::vector<SentDelivery> results;
  for (const auto& each : batch) results.push_back(each.sent);
  auto written = write_results(ports_.store, ports_.clock, options_.schedule, luck(), results);
  if (!written && written.error().code == ErrorCode::invalid) {  // whatever it is that a receiver has said
    for (auto& each : results) drop_texts(each);
    written = write_results(ports_.store, ports_.clock, options_.schedule, luck(), results);
  }
  TRY(const auto settled, std::move(written));
  std::map<std::string_view, const Delivery*> by_id;
  for (const auto& each : settled) by_id.emplace(each.id, &each);
  for (const auto& [sent, lease] : batch) {
    Owned* owned = find_owned(sent.delivery.endpoint, lease);
    if (owned != nullptr) owned->in_hand.erase(sent.delivery.id);
    if (const auto found = by_id.find(sent.delivery.id); found != by_id.end())
      note(sent, *found->second, owned);
  }
  return ok();
}

// `owned`: nullptr when it is another worker's by now.
void Dispatcher::note(const SentDelivery& sent, const Delivery& settled, Owned* owned) {
  const Verdict verdict = verdict_of(sent.result);
  ports_.metrics.attempted(verdict);
  if (settled.status == DeliveryStatus::failed) ports_.metrics.failed_for_good();
  if (owned == nullptr) return;
  const Timestamp now = ports_.clock.now();
  DeliveryEndpoint& endpoint = owned->endpoint;
  if (verdict == Verdict::retry)
    breaker_.failed(endpoint, luck(), now);
  else
    Breaker::succeeded(endpoint);  // it is there, and answers
  if (verdict == Verdict::succeeded) {
    endpoint.failing_since.reset();
    endpoint.alerted = false;
  } else if (!endpoint.failing_since) {
    endpoint.failing_since = now;
  }
  if (const auto asked_for = sent.result ? retry_after(sent.result.value(), now) : std::nullopt)
    Breaker::pause(endpoint, *asked_for, now);
  if (verdict == Verdict::gone) {
    Breaker::pause(endpoint, Milliseconds::max(), now);
    ports_.disable(endpoint.id);
  }
  if (settled.status == DeliveryStatus::failed && !std::exchange(endpoint.alerted, true))
    alerts_[endpoint.id] =
        last_said(sent) + ", nothing has been taken since " + to_rfc3339(*endpoint.failing_since);
  if (settled.due_at) {
    auto& next = owned->next_due;
    next = std::min(next.value_or(*settled.due_at), *settled.due_at);
  }
}

// Once for all that fails of an endpoint until it takes something again.
Status Dispatcher::raise_alerts() {
  while (!alerts_.empty()) {
    const std::string& endpoint = alerts_.begin()->first;
    const std::string& why = alerts_.begin()->second;
    const EventKey by = make_event_key("deliveries", endpoint);
    const auto decide = [&](const View&) -> Result<Effects> {
      Effects effects;
      raise_alert(effects, {"deliveries_failed", endpoint, "Deliveries have failed for good: " + why, why},
                  by);
      return effects;
    };
    if (const auto raised = carry_out(ports_.store, ports_.clock, {by, [](const View&, Reads&) {}, decide});
        !raised)
      return raised.error();
    alerts_.erase(alerts_.begin());
  }
  return ok();
}

Status Dispatcher::renew() {
  const Milliseconds now = ports_.clock.uptime();
  std::vector<std::string> ending;
  for (const auto& [id, owned] : owned_)
    if (owned.leased_until < now + options_.lease * 2 / 3) ending.push_back(id);
  if (ending.empty()) return ok();
  TRY(const auto lost, renew_leases(lease_terms(), ending));
  for (const auto& id : ending)
    if (lost.contains(id))
      owned_.erase(id);
    else
      owned_.at(id).leased_until = now + options_.lease;
  return ok();
}

Status Dispatcher::claim() {
  // Those that hang cannot be given back: they take no other's place.
  const auto idle = static_cast<std::size_t>(std::count_if(
      owned_.begin(), owned_.end(), [](const auto& each) { return each.second.in_flight == 0; }));
  if (idle >= options_.endpoints_max) return ok();
  const std::size_t at_most = std::min(kClaimedAtOnce, options_.endpoints_max - idle);
  const Milliseconds now = ports_.clock.uptime();
  const auto is_held = [&](const std::string& id) { return owned_.contains(id); };
  TRY(auto claimed, claim_endpoints(lease_terms(), at_most, is_held));
  if (!overlong_looked_at_ || *overlong_looked_at_ + options_.lease <= now) {
    TRY(auto overlong, claim_overlong_leases(lease_terms(), at_most, is_held));
    std::move(overlong.begin(), overlong.end(), std::back_inserter(claimed));
    overlong_looked_at_ = now;
  }
  for (auto& endpoint : claimed) {
    Owned owned;
    owned.lease = ++leases_;
    owned.pace = Pace(endpoint.paced_until);
    owned.leased_until = now + options_.lease;
    const std::string id = endpoint.id;
    owned.endpoint = std::move(endpoint);
    owned_.insert_or_assign(id, std::move(owned));
  }
  return ok();
}

// Those that were looked at the longest ago first, so that endpoints that are always due keep no other waiting.
std::vector<PendingOf> Dispatcher::to_be_looked_at(Timestamp now) {
  std::vector<std::pair<const std::string, Owned>*> due;
  for (auto& each : owned_) {
    const Owned& owned = each.second;
    const bool is_due = !owned.looked_at || (owned.next_due && *owned.next_due <= now) ||
                        (owned.in_flight > 0 && *owned.looked_at + kLookInterval <= now);
    if (owned.waiting.empty() && is_due) due.push_back(&each);
  }
  std::stable_sort(due.begin(), due.end(),
                   [](const auto* a, const auto* b) { return a->second.looked_in < b->second.looked_in; });
  due.resize(std::min(due.size(), kLookedAtAtOnce));
  ++looks_;
  std::vector<PendingOf> wanted;
  for (auto* each : due) {
    each->second.looked_in = looks_;
    wanted.push_back({each->first, kRefilledAtOnce + each->second.in_hand.size()});
  }
  return wanted;
}

Status Dispatcher::look() {
  const Timestamp now = ports_.clock.now();
  const auto wanted = to_be_looked_at(now);
  if (wanted.empty()) return ok();
  TRY(auto pending, read_pending(ports_.store, wanted, now));
  for (auto& [id, found] : pending) {
    Owned& owned = owned_.at(id);
    owned.looked_rev = found.rev;
    owned.looked_at = found.more ? std::nullopt : std::optional(now);
    owned.next_due = found.next_due;
    for (auto& delivery : found.due)
      if (owned.in_hand.insert(delivery.id).second) owned.waiting.push_back(std::move(delivery));
  }
  return ok();
}

// In turns, so that none keeps the others waiting.
std::vector<Dispatcher::Parcel> Dispatcher::choose() {
  const auto& settings = ports_.settings.current();
  const Timestamp now = ports_.clock.now();
  std::vector<std::pair<Owned*, EndpointTerms>> ready;
  const auto consider = [&](auto first, auto last) {
    for (; first != last; ++first) {
      if (first->second.waiting.empty()) continue;
      if (auto terms = terms_of(settings, first->first, now))
        ready.emplace_back(&first->second, *std::move(terms));
    }
  };
  consider(owned_.upper_bound(served_last_), owned_.end());
  consider(owned_.begin(), owned_.upper_bound(served_last_));

  std::vector<Parcel> chosen;
  for (bool some = true; some && chosen.size() < kSentAtOnce;) {
    some = false;
    for (auto& [owned, terms] : ready) {
      if (chosen.size() == kSentAtOnce) break;
      if (!may_send(*owned, terms)) continue;
      if (terms.rate && !owned->pace.take(*terms.rate, now)) continue;
      chosen.push_back({std::move(owned->waiting.front()), terms, owned->lease});
      owned->waiting.pop_front();
      ++owned->in_flight;
      ++in_flight_;
      served_last_ = owned->endpoint.id;
      some = true;
    }
  }
  return chosen;
}

bool Dispatcher::may_send(const Owned& owned, const EndpointTerms& terms) const {
  if (owned.waiting.empty() || breaker_.is_open(owned.endpoint, ports_.clock.now())) return false;
  if (owned.in_flight >= Breaker::at_once(owned.endpoint, terms.concurrency)) return false;
  return !is_crowded_out(owned) && owned.in_flight * kPartOfFree < free_places();
}

std::size_t Dispatcher::free_places() const {
  return options_.in_flight_max - std::min(in_flight_, options_.in_flight_max);
}

bool Dispatcher::is_crowded_out(const Owned& owned) const {
  return owned.endpoint.failures > 0 && free_places() <= options_.in_flight_max / kPartForHealthy;
}

Status Dispatcher::send(std::vector<Parcel> parcels) {
  if (parcels.empty()) return ok();
  std::set<std::string> events;
  for (const auto& each : parcels) events.insert(each.delivery.event);
  const auto messages = read_messages(ports_.store, {events.begin(), events.end()});
  std::size_t sent = 0;
  if (messages)
    while (sent < parcels.size() && send(parcels[sent], messages.value())) ++sent;
  while (parcels.size() > sent) {
    put_back(std::move(parcels.back()));
    parcels.pop_back();
  }
  return messages ? ok() : Status(messages.error());
}

// False: not now, as too much is under way.
bool Dispatcher::send(const Parcel& parcel, const Messages& messages) {
  SentDelivery sent{parcel.delivery, parcel.terms.url, {}, ports_.clock.now(), SendFailure{}};
  const auto message = messages.find(parcel.delivery.event);
  if (message == messages.end() || parcel.terms.secrets.empty()) {
    sent.result = SendFailure{SendError::request_refused, "its event is no longer kept", 0, {}};
    take_refusal({std::move(sent), parcel.lease}, 0);
    return true;
  }
  const auto& [id, body] = message->second;
  const std::size_t bytes = body.size();
  if (bytes_in_flight_ > 0 && bytes_in_flight_ + bytes > kBytesInFlightMax) return false;
  sent.fields = signed_fields(id, body, parcel.terms.secrets, sent.sent_at);
  const auto come_back = [inbox = inbox_, returned = Returned{sent, parcel.lease},
                          bytes](SendResult<OutgoingAnswer> result) {
    const std::lock_guard lock(inbox->mutex);
    inbox->came_back.push_back({returned, bytes});
    inbox->came_back.back().returned.sent.result = std::move(result);
    inbox->changed.notify_all();
  };
  bytes_in_flight_ += bytes;
  auto taken =
      ports_.sender.send(request_to(parcel.terms.url, sent.fields, body, options_.timeout), come_back);
  if (taken) return true;
  const SendError error = taken.error().error;
  if (error == SendError::overloaded || error == SendError::cancelled) {
    bytes_in_flight_ -= bytes;
    return false;
  }
  sent.result = std::move(taken).error();
  take_refusal({std::move(sent), parcel.lease}, bytes);
  return true;
}

// It has not left, and never will: an attempt like any other.
void Dispatcher::take_refusal(Returned returned, std::size_t bytes) {
  const std::lock_guard lock(inbox_->mutex);
  inbox_->came_back.push_back({std::move(returned), bytes});
}

void Dispatcher::put_back(Parcel parcel) {
  --in_flight_;
  const auto owned = owned_.find(parcel.delivery.endpoint);
  if (owned == owned_.end()) return;
  --owned->second.in_flight;
  owned->second.waiting.push_front(std::move(parcel.delivery));
}

// Says whether there was something new for one of them.
Result<bool> Dispatcher::give_back() {
  const auto& settings = ports_.settings.current();
  const Timestamp now = ports_.clock.now();
  std::vector<ReturnedEndpoint> returned;
  for (auto& [id, owned] : owned_) {
    if (owned.in_flight > 0 || !owned.looked_at || (owned.next_due && *owned.next_due <= now)) continue;
    const bool reachable = terms_of(settings, id, now).has_value();
    const bool open = breaker_.is_open(owned.endpoint, now);
    const bool crowded_out = is_crowded_out(owned);
    if (!owned.waiting.empty() && reachable && !open && !crowded_out) continue;
    DeliveryEndpoint endpoint = owned.endpoint;
    endpoint.due_at = owned.waiting.empty() ? owned.next_due : owned.waiting.front().due_at;
    if (endpoint.due_at && open) endpoint.due_at = std::max(*endpoint.due_at, *endpoint.open_until);
    if (endpoint.due_at && crowded_out) endpoint.due_at = std::max(*endpoint.due_at, now + kCrowdedOutFor);
    if (endpoint.due_at && !reachable) endpoint.due_at = std::max(*endpoint.due_at, now + kUnreachableFor);
    endpoint.paced_until = owned.pace.used_until(now);
    returned.push_back({std::move(endpoint), owned.looked_rev});
  }
  std::vector<std::string> ids;
  for (const auto& each : returned) ids.push_back(each.endpoint.id);
  TRY(const auto changed, return_endpoints(lease_terms(), std::move(returned)));
  for (const auto& id : ids)
    if (changed.contains(id))
      owned_.at(id).looked_at.reset();
    else
      owned_.erase(id);
  return !changed.empty();
}

}  // namespace penstock
