#include "common/adapters/curl/lookup_threads.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace penstock {
namespace {

struct FreeAddrinfo {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};
using AddrinfoList = std::unique_ptr<addrinfo, FreeAddrinfo>;

template <class Bytes>
IpAddress copy_bytes(const void* from) noexcept {
  Bytes bytes{};
  std::memcpy(bytes.data(), from, bytes.size());
  return IpAddress(bytes);
}

}  // namespace

Result<IpAddresses> system_lookup(const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  const int failed = ::getaddrinfo(name.c_str(), nullptr, &hints, &first);
  if (failed != 0) return Error{ErrorCode::unavailable, ::gai_strerror(failed)};
  const AddrinfoList list(first);
  IpAddresses found;
  for (const addrinfo* each = list.get(); each != nullptr; each = each->ai_next) {
    if (each->ai_family == AF_INET)
      found.push_back(
          copy_bytes<IpAddress::V4Bytes>(&reinterpret_cast<const sockaddr_in*>(each->ai_addr)->sin_addr));
    if (each->ai_family == AF_INET6)
      found.push_back(
          copy_bytes<IpAddress::V6Bytes>(&reinterpret_cast<const sockaddr_in6*>(each->ai_addr)->sin6_addr));
  }
  return found;
}

namespace curl {

struct LookupThreads::State {
  State(NameLookup l, std::size_t max, Done d) : lookup(std::move(l)), threads_max(max), done(std::move(d)) {}

  const NameLookup lookup;
  const std::size_t threads_max;
  const Done done;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> waiting;
  std::size_t threads = 0;
  std::size_t idle = 0;
  bool stopped = false;

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      ++idle;
      changed.wait(lock, [&] { return stopped || !waiting.empty(); });
      --idle;
      if (stopped) return;
      std::string name = std::move(waiting.front());
      waiting.pop_front();
      lock.unlock();
      auto found = lookup(name);
      lock.lock();
      if (stopped) return;
      done(std::move(name), std::move(found));  // under the lock: so none after the destructor
    }
  }
};

LookupThreads::LookupThreads(NameLookup lookup, std::size_t threads_max, Done done)
    : state_(std::make_shared<State>(std::move(lookup), threads_max, std::move(done))) {}

LookupThreads::~LookupThreads() {
  const std::scoped_lock lock(state_->mutex);
  state_->stopped = true;
  state_->changed.notify_all();
}

void LookupThreads::begin(std::string name) {
  const std::scoped_lock lock(state_->mutex);
  state_->waiting.push_back(std::move(name));
  state_->changed.notify_one();
  if (state_->waiting.size() <= state_->idle || state_->threads == state_->threads_max) return;
  try {
    std::thread([state = state_] { state->work(); }).detach();
    ++state_->threads;
  } catch (const std::system_error&) {
    // The system has no thread left: the name waits for one of ours, until whoever wants it gives up.
  }
}

bool LookupThreads::drop(const std::string& name) {
  const std::scoped_lock lock(state_->mutex);
  const auto found = std::find(state_->waiting.begin(), state_->waiting.end(), name);
  if (found == state_->waiting.end()) return false;
  state_->waiting.erase(found);
  return true;
}

}  // namespace curl
}  // namespace penstock
