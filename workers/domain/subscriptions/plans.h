// subscription.upgraded and subscription.canceled of partners: which plan a subscription has, whose it is, and
// whether it has ended.
//
// Each is the whole of what partners tell of a subscription but its user, which an event may leave out: that is as
// the newest event that names one says. The newest plan is shown; an end is final.
#pragma once

#include <optional>
#include <string>

#include "common/core/result.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

struct PlanFacts {
  EventMeta meta;
  std::string id;  // the subscription's
  std::string plan;
  std::optional<std::string> user_id;
  bool ends = false;
};

void name_reads(const View& view, const PlanFacts& facts, Reads& reads);
Result<Effects> decide(const View& view, const PlanFacts& facts, const Policy& policy);

}  // namespace penstock
