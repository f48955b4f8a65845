#include "workers/runtime/dead_letters.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

namespace penstock {
namespace {

// Waits for several appends at once. Shared with the callbacks, which may outlive a wait that gave up.
class Acknowledgements {
 public:
  explicit Acknowledgements(std::size_t expected) : missing_(expected) {}

  void arrived(const Result<Position>& result) {
    const std::lock_guard lock(mutex_);
    --missing_;
    if (!result && !error_) error_ = result.error();
    all_here_.notify_all();
  }

  Status wait(Milliseconds deadline) {
    std::unique_lock lock(mutex_);
    if (!all_here_.wait_for(lock, deadline, [this] { return missing_ == 0; }))
      return Error{ErrorCode::timeout, "not acknowledged in time"};
    if (error_) return *error_;
    return ok();
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_here_;
  std::size_t missing_;
  std::optional<Error> error_;
};

// What the log refuses says nothing about the event, whose record it holds already.
Error not_parked(Error error) {
  if (error.code == ErrorCode::invalid) error.code = ErrorCode::unavailable;
  error.detail.insert(0, "dead letters: ");
  return error;
}

Status append_and_wait(EventSink& log, const std::vector<Incoming*>& letters, Milliseconds deadline) {
  const auto acknowledgements = std::make_shared<Acknowledgements>(letters.size());
  for (const Incoming* letter : letters) {
    TRY_STATUS(log.append(dead_letter(*letter), [acknowledgements](const Result<Position>& result) {
      acknowledgements->arrived(result);
    }));
  }
  return acknowledgements->wait(deadline);
}

}  // namespace

Status append_dead_letters(EventSink& log, const std::vector<Incoming*>& letters, Milliseconds deadline) {
  if (const auto appended = append_and_wait(log, letters, deadline); !appended)
    return not_parked(appended.error());
  for (Incoming* letter : letters) letter->dead_letter_durable = true;
  return ok();
}

}  // namespace penstock
