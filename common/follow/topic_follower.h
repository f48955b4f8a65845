// Keeps up with a topic without a consumer group, on a thread of its own.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "common/core/result.h"
#include "common/ports/log_reader.h"

namespace penstock {

class TopicFollower {
 public:
  struct Options {
    std::string topic;
    std::string subject;  // what lines about it begin with: "settings"
    Milliseconds poll_wait{200};
  };
  // Called on the follower's thread with each answer of the tail, an error included, after which the tail is asked
  // again, ever more seldom, and goes on where it was. Must not throw.
  using Told = std::function<void(const Result<TailBatch>&)>;

  // From construction to destruction, which waits for a poll and a call at most. Says in one line when the log does not
  // answer, and in one when it does again. The log must outlive it.
  TopicFollower(Options options, LogReader& log, Told told);
  TopicFollower(const TopicFollower&) = delete;
  TopicFollower& operator=(const TopicFollower&) = delete;

 private:
  void run(const std::stop_token& stop);
  Result<TailBatch> poll();
  void say(const Result<TailBatch>& answer);

  const Options options_;
  LogReader& log_;
  const Told told_;
  std::unique_ptr<LogTail> tail_;
  bool answers_ = true;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace penstock
