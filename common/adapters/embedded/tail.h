// Keeping up with a topic of an embedded log.
#pragma once

#include <optional>
#include <string>

#include "common/adapters/embedded/cursor.h"
#include "common/adapters/embedded/event_log.h"

namespace penstock {

// Begins anew when it has not been at the present for half the time that deletions are kept: it may have missed
// one.
class EmbeddedEventLog::Tail final : public LogTail {
 public:
  Tail(EmbeddedEventLog& log, std::string topic) : log_(log), topic_(std::move(topic)) {}

  Result<TailBatch> next(std::size_t records_max, Milliseconds wait) override;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  Status begin();
  // Empty when there was none until then.
  Ends wait_for_news(SteadyTime until) const;
  bool is_present() const;

  EmbeddedEventLog& log_;
  const std::string topic_;
  std::optional<Cursor> cursor_;
  Ends present_at_;  // how far the topic went when this began
  bool anew_ = false;
  SteadyTime up_to_date_at_;
};

}  // namespace penstock
