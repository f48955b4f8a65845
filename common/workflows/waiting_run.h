// A run that waits, as the workers tell the ingress of it in the compacted topic `waits`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.h"
#include "common/core/time.h"
#include "common/workflows/workflow.h"

namespace penstock {

// Keyed by the run's id. Neither sealed nor secret beyond what the events themselves are, which stand in the same log: it names
// what they are matched by, such as a customer's id.
inline constexpr std::string_view kWaitsTopic = "waits";

BOOST_DEFINE_ENUM_CLASS(WaitState, open, satisfied, timed_out)

// A step that the run has come to, and the events that its run has been moved on by.
struct Wait {
  std::int64_t step = 0;
  WaitState state = WaitState::open;
  std::string event_type;
  std::string match;
  std::string value;  // as match_value()
  Timestamp deadline;
  std::vector<std::string> satisfied_by;  // keys of events
  bool operator==(const Wait&) const = default;
};
BOOST_DESCRIBE_STRUCT(Wait, (), (step, state, event_type, match, value, deadline, satisfied_by))

struct WaitingRun {
  std::string run;
  std::string org;
  std::string workflow;
  bool livemode = false;
  std::string event;  // the key of the one that started it
  std::vector<Wait> waits;
  bool operator==(const WaitingRun&) const = default;
};
BOOST_DESCRIBE_STRUCT(WaitingRun, (), (run, org, workflow, livemode, event, waits))

std::string encode(const WaitingRun& run);
// Errors: corrupt.
Result<WaitingRun> decode_waiting_run(std::string_view text);

}  // namespace penstock
