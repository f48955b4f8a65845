// Is everything there that a process needs? A check that hangs counts as what it checks being away.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/core/result.h"
#include "common/core/time.h"

namespace penstock {

struct ReadinessCheck {
  std::string part;     // one word that strangers may read too: "log", "store"
  std::string address;  // "kafka at h1:9092", for operators; empty when the check's error says it all
  std::function<Status()> check;  // may block: it has a thread of its own, one call at a time
};

struct NotReady {
  std::string part;
  std::string why;  // "kafka at h1:9092 is unavailable: …"; holds no secret
};

struct ReadinessOptions {
  Milliseconds age_max{1'000};          // how old a check's result may be
  Milliseconds answer_deadline{2'000};  // for a check; one that takes longer has failed until it ends
};

// All methods may be called from any thread.
class Readiness {
 public:
  explicit Readiness(std::vector<ReadinessCheck> checks, ReadinessOptions options = {});
  // Waits for the checks that run.
  ~Readiness() = default;
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  // Every part that is not ready, in the order of the checks; none: ready. Blocks for `answer_deadline` at
  // most. Logs when the parts that are away change.
  std::vector<NotReady> look();

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Part {
    explicit Part(ReadinessCheck readiness_check) : check(std::move(readiness_check)) {}

    const ReadinessCheck check;
    // All of these under mutex_.
    std::optional<SteadyTime> asked_at;  // a check is wanted, or runs, since then
    std::optional<SteadyTime> checked_at;
    std::uint64_t checks = 0;  // that have ended
    Status result = ok();      // of the last one
  };

  void run(Part& part, const std::stop_token& stop);
  // With the lock held.
  void ask(Part& part, SteadyTime now) const;
  void wait_for(const Part& part, std::unique_lock<std::mutex>& lock);
  std::optional<NotReady> verdict(const Part& part) const;
  void note(const std::vector<NotReady>& away);

  const ReadinessOptions options_;
  std::mutex mutex_;
  std::condition_variable_any asked_;
  std::condition_variable checked_;
  std::deque<Part> parts_;
  std::optional<std::string> parts_away_;  // as logged last
  std::vector<std::jthread> threads_;      // last: they use all of the above
};

// "log, store": what strangers may know.
std::string parts_of(const std::vector<NotReady>& away);
// All of it, on one line.
std::string causes_of(const std::vector<NotReady>& away);

// What that code means for the part at that address: "kafka at h1:9092 is unavailable".
std::string failure_text(std::string_view address, ErrorCode code);

}  // namespace penstock
