// What the door of connectors has decided about an event. It travels with the event, and the workers carry it out whatever the
// settings say by then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.h"
#include "common/workflows/workflow.h"

namespace penstock {

// The header of the event's record that holds it.
inline constexpr std::string_view kDecisionHeader = "ps_decision";

BOOST_DEFINE_ENUM_CLASS(ConnectorAction, triggered, resumed, skipped)

// A run whose step, numbered from 1, has waited for this event.
struct ResumedRun {
  std::string run;
  std::int64_t step = 0;
  bool operator==(const ResumedRun&) const = default;
};
BOOST_DESCRIBE_STRUCT(ResumedRun, (), (run, step))

struct StartedRun {
  std::string run;
  std::string workflow;
  Steps steps;
  bool operator==(const StartedRun&) const = default;
};
BOOST_DESCRIBE_STRUCT(StartedRun, (), (run, workflow, steps))

struct ConnectorDecision {
  ConnectorAction action = ConnectorAction::skipped;
  std::optional<std::string> reason = {};  // of what is skipped, a word
  std::vector<ResumedRun> resumed = {};
  std::vector<StartedRun> started = {};
  bool operator==(const ConnectorDecision&) const = default;

  // Those resumed, then those started.
  std::vector<std::string> run_ids() const;
};
BOOST_DESCRIBE_STRUCT(ConnectorDecision, (), (action, reason, resumed, started))

std::string encode(const ConnectorDecision& decision);
// Errors: invalid, the class `wrong_shape` first.
Result<ConnectorDecision> decode_decision(std::string_view text);

// The run that an event of the org starts of a workflow: a UUIDv5, so the same whenever it is asked.
std::string run_id(std::string_view org, std::string_view event_id, std::string_view workflow);

// What record sources and event keys of an org's connector begin with: "org/acme".
std::string connector_source(std::string_view org);

}  // namespace penstock
