// A document of a provider: fetched when it is first asked for, and kept.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "common/ports/clock.h"
#include "ingress/identity_providers/failure.h"

namespace penstock {

struct CachedDocumentOptions {
  Milliseconds fresh_for{3'600'000};      // then it is fetched again
  Milliseconds kept_for{86'400'000};      // and so long it does when that fails
  Milliseconds refresh_interval{30'000};  // between two fetches that were asked for while it was fresh
  std::size_t waiting_max = 256;          // for one fetch; beyond it overloaded
};

// However many wait, it is fetched once. All methods may be called from any thread.
template <class T>
class CachedDocument {
 public:
  using Value = std::shared_ptr<const T>;
  using Done = ProviderDone<Value>;
  using Fetch = std::function<void(ProviderDone<T>)>;

  // `fetch` calls back once and must not outlast this. The clock must outlive it.
  CachedDocument(CachedDocumentOptions options, Fetch fetch, const Clock& clock)
      : options_(options), fetch_(std::move(fetch)), clock_(clock) {}
  CachedDocument(const CachedDocument&) = delete;
  CachedDocument& operator=(const CachedDocument&) = delete;

  void get(Done done) {
    if (auto value = fresh()) return done(std::move(value));
    wait({std::move(done), true});
  }

  // Another one than `known`, which lacked something; `known` itself when it was fetched anew for that only just now.
  void get_newer(const Value& known, Done done) {
    if (auto value = newer_than(known)) return done(std::move(value));
    wait({std::move(done), false});
  }

 private:
  struct Waiting {
    Done done;
    bool takes_old;
  };

  Value fresh() {
    const std::scoped_lock lock(mutex_);
    return clock_.uptime() - fetched_at_ < options_.fresh_for ? value_ : nullptr;
  }

  Value newer_than(const Value& known) {
    const std::scoped_lock lock(mutex_);
    if (value_ != known) return value_;
    const auto now = clock_.uptime();
    if (refreshed_at_ && now - *refreshed_at_ < options_.refresh_interval) return value_;
    refreshed_at_ = now;
    return nullptr;
  }

  void wait(Waiting waiting) {
    bool is_first = false;
    {
      std::unique_lock lock(mutex_);
      if (waiting_.size() >= options_.waiting_max) {
        lock.unlock();
        return waiting.done(ProviderFailure{ProviderError::overloaded, "too many wait for the provider"});
      }
      waiting_.push_back(std::move(waiting));
      is_first = !std::exchange(fetching_, true);
    }
    if (is_first) fetch_([this](const ProviderResult<T>& fetched) { on_fetched(fetched); });
  }

  void on_fetched(const ProviderResult<T>& fetched) {
    std::vector<Waiting> waiting;
    Value value, old;
    if (fetched) value = std::make_shared<const T>(fetched.value());
    {
      const std::scoped_lock lock(mutex_);
      const auto now = clock_.uptime();
      fetching_ = false;
      waiting.swap(waiting_);
      if (value) {
        value_ = value;
        fetched_at_ = now;
      } else if (now - fetched_at_ < options_.kept_for) {
        old = value_;
      }
    }
    for (Waiting& each : waiting) {
      if (value)
        each.done(value);
      else if (old && each.takes_old)
        each.done(old);
      else
        each.done(fetched.error());
    }
  }

  const CachedDocumentOptions options_;
  const Fetch fetch_;
  const Clock& clock_;
  std::mutex mutex_;  // of what follows
  Value value_;
  Milliseconds fetched_at_{};
  std::optional<Milliseconds> refreshed_at_;
  bool fetching_ = false;
  std::vector<Waiting> waiting_;
};

}  // namespace penstock
