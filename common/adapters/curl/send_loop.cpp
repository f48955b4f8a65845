#include "common/adapters/curl/send_loop.h"

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

#include "common/core/check.h"

namespace penstock::curl {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::ptrdiff_t kAddressesTriedMax = 8;
// Were it out of files when it began, libcurl could not be woken.
constexpr Milliseconds kWaitMax{1'000};
constexpr Milliseconds kPauseAfterFault{10};

}  // namespace

SendLoop::SendLoop(CurlSenderOptions options)
    : options_(std::move(options)),
      multi_(make_multi()),
      names_(options_.names_kept_max, options_.names_kept_for),
      lookups_(options_.lookup, options_.lookup_threads_max,
               [this](std::string name, Result<IpAddresses> found) {
                 const std::scoped_lock lock(mutex_);
                 inbox_.names.push_back({std::move(name), std::move(found)});
                 wake();
               }) {
  CHECK(multi_ != nullptr);
}

Multi SendLoop::make_multi() const {
  Multi multi(curl_multi_init());
  if (multi)
    curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options_.connections_kept_max));
  return multi;
}

bool SendLoop::take(std::unique_ptr<Transfer> transfer) {
  const std::scoped_lock lock(mutex_);
  const auto bytes = in_flight_bytes_ + transfer->bytes();
  if (inbox_.closed || in_flight_ == options_.in_flight_max || bytes > options_.in_flight_bytes_max)
    return false;
  ++in_flight_;
  in_flight_bytes_ = bytes;
  inbox_.transfers.push_back(std::move(transfer));
  if (inbox_.transfers.size() == 1) wake();  // for the others it is awake, or about to be
  return true;
}

bool SendLoop::closed() {
  const std::scoped_lock lock(mutex_);
  return inbox_.closed;
}

void SendLoop::close() {
  const std::scoped_lock lock(mutex_);
  inbox_.closed = true;
  wake();
}

void SendLoop::wake() { curl_multi_wakeup(multi_.get()); }

void SendLoop::run() {
  while (open_inbox()) {
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    collect_finished();
    give_up_overdue();
    drop_idle_connections();
    wait();
  }
  cancel_all();
}

bool SendLoop::open_inbox() {
  Inbox inbox;
  {
    const std::scoped_lock lock(mutex_);
    inbox = std::exchange(inbox_, Inbox{.closed = inbox_.closed});
  }
  for (auto& transfer : inbox.transfers) begin(std::move(transfer));
  for (const auto& found : inbox.names) name_found(found);
  return !inbox.closed;
}

void SendLoop::begin(std::unique_ptr<Transfer> transfer) {
  Transfer& begun = *transfer;
  transfers_.emplace(&begun, std::move(transfer));
  idle_since_.reset();
  const auto& url = begun.url();
  if (url.literal) return connect(begun, {*url.literal});
  if (const auto* addresses = names_.find(url.host, SteadyClock::now())) return connect(begun, *addresses);
  await_name(begun);
}

// One look-up a name at a time, whoever waits for it: a name that is looked up for long holds one thread.
void SendLoop::await_name(Transfer& transfer) {
  transfer.enter(Phase::resolving, deadlines_);
  const auto [waiting, first] = waiting_.try_emplace(transfer.url().host);
  waiting->second.push_back(&transfer);
  if (first) lookups_.begin(transfer.url().host);
}

void SendLoop::name_found(const FoundName& found) {
  const auto waiting = waiting_.extract(found.name);
  const bool usable = found.addresses && !found.addresses.value().empty();
  if (usable) names_.keep(found.name, found.addresses.value(), SteadyClock::now());
  for (Transfer* transfer : waiting.empty() ? std::vector<Transfer*>{} : waiting.mapped()) {
    if (usable) {
      connect(*transfer, found.addresses.value());
    } else {
      const auto why = found.addresses ? "the name has no address" : found.addresses.error().detail;
      finish_failed(*transfer, SendError::resolve_failed, why);
    }
  }
}

// A name with one address that is refused is not connected to at all: no honest one leads both outside and inside.
void SendLoop::connect(Transfer& transfer, IpAddresses addresses) {
  const auto& url = transfer.url();
  for (const auto& address : addresses)
    if (const auto why = options_.policy.refusal({address, url.port, url.encrypted}))
      return finish_failed(transfer, SendError::address_refused, *why);
  if (std::ssize(addresses) > kAddressesTriedMax)
    addresses.erase(addresses.begin() + kAddressesTriedMax, addresses.end());
  transfer.enter(Phase::connecting, deadlines_);
  const auto prepared = transfer.prepare(addresses, options_, deadlines_);
  if (!prepared) return finish_failed(transfer, SendError::internal, prepared.error().detail);
  const auto added = curl_multi_add_handle(multi_.get(), transfer.handle());
  if (added != CURLM_OK) finish_failed(transfer, SendError::internal, curl_multi_strerror(added));
}

void SendLoop::collect_finished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left))
    if (message->msg == CURLMSG_DONE) finish(Transfer::of(message->easy_handle), message->data.result);
}

void SendLoop::give_up_overdue() {
  const auto now = SteadyClock::now();
  while (Transfer* transfer = deadlines_.overdue(now)) {
    stop_waiting(*transfer);
    transfer->fail_overdue();
    finish(*transfer);
  }
}

// A look-up that a thread has begun goes on and is for whoever wants the name next.
void SendLoop::stop_waiting(Transfer& transfer) {
  const auto waiting = waiting_.find(transfer.url().host);
  if (waiting == waiting_.end()) return;
  std::erase(waiting->second, &transfer);
  if (waiting->second.empty() && lookups_.drop(waiting->first)) waiting_.erase(waiting);
}

// libcurl looks at kept connections only when there are requests. Without any, those that peers have closed would
// stay half open for good.
void SendLoop::drop_idle_connections() {
  if (!idle_since_ || SteadyClock::now() < *idle_since_ + options_.connections_kept_for) return;
  idle_since_.reset();
  Multi dropped = make_multi();
  if (!dropped) return;
  const std::scoped_lock lock(mutex_);
  std::swap(multi_, dropped);
  wake();  // whoever has woken the other one meanwhile meant this
}

void SendLoop::wait() {
  const auto now = SteadyClock::now();
  auto until = now + kWaitMax;
  if (const auto next = deadlines_.next()) until = std::min(until, *next);
  if (idle_since_) until = std::min(until, *idle_since_ + options_.connections_kept_for);
  const auto left = std::max(std::chrono::ceil<Milliseconds>(until - now), Milliseconds{0});
  const auto waited = curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(left.count()), nullptr);
  if (waited != CURLM_OK)
    std::this_thread::sleep_for(kPauseAfterFault);  // it may fail at once, again and again
}

void SendLoop::cancel_all() {
  waiting_.clear();
  while (!transfers_.empty())
    finish_failed(*transfers_.begin()->second, SendError::cancelled, "the sender ended");
}

void SendLoop::finish_failed(Transfer& transfer, SendError error, std::string detail) {
  transfer.fail(error, std::move(detail));
  finish(transfer);
}

void SendLoop::finish(Transfer& transfer, CURLcode code) {
  if (transfer.handle() != nullptr) curl_multi_remove_handle(multi_.get(), transfer.handle());
  deadlines_.clear(&transfer);
  const auto finished = transfers_.extract(&transfer);
  if (transfers_.empty()) idle_since_ = SteadyClock::now();
  {
    const std::scoped_lock lock(mutex_);
    --in_flight_;
    in_flight_bytes_ -= transfer.bytes();
  }
  transfer.finish(code);
}

}  // namespace penstock::curl
