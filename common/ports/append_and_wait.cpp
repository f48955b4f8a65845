#include "common/ports/append_and_wait.h"

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

}  // namespace

Status append_and_wait(EventSink& log, std::size_t count, const std::function<Record(std::size_t)>& make,
                       Milliseconds deadline) {
  const auto acknowledgements = std::make_shared<Acknowledgements>(count);
  for (std::size_t at = 0; at < count; ++at) {
    TRY_STATUS(log.append(
        make(at), [acknowledgements](const Result<Position>& result) { acknowledgements->arrived(result); }));
  }
  return acknowledgements->wait(deadline);
}

}  // namespace penstock
