#include "ingress/doors/connectors/connector_decision.h"

#include <algorithm>
#include <tuple>

#include "common/core/ids.h"

namespace penstock {
namespace {

using registry::Connector;
using registry::ConnectorKind;
using registry::Workflow;

// A wait that the event satisfies, or has satisfied before.
struct Match {
  bool before = false;
  const waits::Place* place = nullptr;

  const WaitingRun& run() const noexcept { return *place->run; }
};

bool names(const std::vector<std::string>& keys, const std::string& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// Whether the event has brought the run to where it is.
bool has_moved(const WaitingRun& run, const std::string& key) {
  return run.event == key || std::any_of(run.waits.begin(), run.waits.end(),
                                         [&](const Wait& wait) { return names(wait.satisfied_by, key); });
}

bool is_open_to(const waits::Place& place, const ConnectorEvent& event, const std::string& key) {
  const Wait& wait = place.wait();
  return wait.state == WaitState::open && event.received_at < wait.deadline &&
         place.run->livemode == event.livemode && !has_moved(*place.run, key);
}

void add_matches(std::vector<Match>& matches, const std::vector<waits::Place>& places,
                 const ConnectorEvent& event, const std::string& key) {
  for (const auto& place : places) {
    const bool before = names(place.wait().satisfied_by, key);
    if (before || is_open_to(place, event, key)) matches.push_back({before, &place});
  }
}

// By run; where there are too many, those that the event has resumed before are among them.
std::vector<Match> bounded(std::vector<Match> matches) {
  const auto by_run = [](const Match& a, const Match& b) { return a.run().run < b.run().run; };
  std::sort(matches.begin(), matches.end(), [&](const Match& a, const Match& b) {
    return std::tie(b.before, a.run().run) < std::tie(a.before, b.run().run);
  });
  if (matches.size() > kResumedRunsMax) matches.resize(kResumedRunsMax);
  std::sort(matches.begin(), matches.end(), by_run);
  return matches;
}

std::vector<Match> find_matches(const ConnectorEvent& event, const waits::Snapshot& waits) {
  const auto* pointers = waits.pointers(event.org, event.type);
  if (pointers == nullptr) return {};
  const auto document = json::Document::parse(event.body);
  if (!document) return {};
  const std::string key = make_event_key(connector_source(event.org), event.id).value;
  std::vector<Match> matches;
  for (const auto& [pointer, count] : *pointers) {
    const auto value = match_value(document.value().root(), pointer);
    if (!value) continue;
    if (const auto* places = waits.matching(event.org, event.type, pointer, *value))
      add_matches(matches, *places, event, key);
  }
  return bounded(std::move(matches));
}

bool is_started(const Workflow& workflow, const ConnectorEvent& event, const Connector& connector) {
  const bool concerned = connector.kind == ConnectorKind::platform || connector.workflow == workflow.id;
  return concerned && workflow.enabled && is_subscribed(workflow.event_types, event.type);
}

ConnectorDecision skip(std::string_view reason) {
  return {.action = ConnectorAction::skipped, .reason = std::string(reason)};
}

}  // namespace

ConnectorDecision decide_connector(const ConnectorEvent& event, const Connector& connector,
                                   const registry::Workflows* workflows, const waits::Snapshot& waits) {
  if (!connector.enabled) return skip("connector_disabled");
  ConnectorDecision decision;
  std::vector<std::string> resumed_workflows;
  for (const auto& match : find_matches(event, waits)) {
    decision.resumed.push_back({match.run().run, match.place->wait().step});
    resumed_workflows.push_back(match.run().workflow);
  }
  if (workflows != nullptr)
    for (const auto& workflow : workflows->all)
      if (is_started(workflow, event, connector) && !names(resumed_workflows, workflow.id))
        decision.started.push_back({run_id(event.org, event.id, workflow.id), workflow.id, workflow.steps});
  if (decision.resumed.empty() && decision.started.empty()) return skip("no_subscriber");
  decision.action = decision.resumed.empty() ? ConnectorAction::triggered : ConnectorAction::resumed;
  return decision;
}

}  // namespace penstock
