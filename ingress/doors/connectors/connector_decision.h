// What an event of an org's connector comes to: which runs it resumes, and which it starts. Pure.
#pragma once

#include <string_view>

#include "common/core/time.h"
#include "common/registry/values.h"
#include "common/waits/table.h"
#include "common/workflows/decision.h"

namespace penstock {

// Events that more runs wait for resume no more than these; the others go on waiting.
inline constexpr std::size_t kResumedRunsMax = 256;

struct ConnectorEvent {
  std::string_view org;
  std::string_view id;
  std::string_view type;
  bool livemode = false;
  std::string_view body;  // looked at only when a run waits for events of that type
  Timestamp received_at;
};

// The same for every delivery of an event while settings and waits say the same of it, also when it has resumed a run meanwhile:
// that wait is known to be satisfied by it, and no other event matches it. A run whose workflow it resumes is not started anew.
// `workflows`: nullptr when the org has none.
ConnectorDecision decide_connector(const ConnectorEvent& event, const registry::Connector& connector,
                                   const registry::Workflows* workflows, const waits::Snapshot& waits);

}  // namespace penstock
