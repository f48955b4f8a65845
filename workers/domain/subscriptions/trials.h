// trial.ending of partners: notice that a subscription's trial is about to end.
//
// It is told of unless it comes too late: after the subscription has ended, or a newer notice or a newer plan is
// known. When the trial ends is as the newest notice that says it has it, however late that comes.
#pragma once

#include <optional>
#include <string>

#include "common/core/result.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

struct TrialFacts {
  EventMeta meta;
  std::string id;  // the subscription's
  std::optional<std::string> user_id;
  std::optional<Timestamp> trial_end;
};

void name_reads(const View& view, const TrialFacts& facts, Reads& reads);
Result<Effects> decide(const View& view, const TrialFacts& facts, const Policy& policy);

}  // namespace penstock
