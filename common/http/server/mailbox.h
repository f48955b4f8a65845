// Carries answers, and shorter deadlines for them, from any thread to the event loop of their connection.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <variant>
#include <vector>

#include "common/http/server/server.h"

namespace penstock::http {

struct Answer {
  std::uint32_t slot = 0;
  std::uint64_t exchange = 0;
  std::variant<const Response*, Response> content;
};

// Outlives its loop when a Responder still holds it; after close() all answers are dropped.
class Mailbox {
 public:
  // `deliver` takes an answer at once and is only called on the loop's thread; `wake`
  // makes the loop call drain() soon.
  Mailbox(std::function<void(const Answer&)> deliver, std::function<void()> wake)
      : deliver_(std::move(deliver)), wake_(std::move(wake)) {}

  // From any thread. On the loop's own thread the answer is delivered before this returns.
  void push(Answer answer);

  // The next three on the loop's thread.
  void open();
  void drain();
  void close();

 private:
  bool on_loop_thread() const noexcept;

  const std::function<void(const Answer&)> deliver_;
  const std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<Answer> waiting_;  // under mutex_
  bool open_ = false;            // under mutex_
  std::vector<Answer> drained_;  // of the loop's thread
};

}  // namespace penstock::http
