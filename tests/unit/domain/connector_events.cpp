#include "tests/unit/domain/connector_events.h"

#include "common/json/writer.h"
#include "workers/sources/connectors/connectors.h"

namespace penstock::testing {

Step emit_step(std::string type) { return {EmitStep{std::move(type)}, {}}; }
Step wait_step(std::string event_type, std::int64_t timeout_s, std::string match) {
  return {{}, WaitStep{std::move(event_type), std::move(match), timeout_s}};
}

std::string connector_body(const ConnectorSpec& spec) {
  json::Writer out;
  out.begin_object().key("id").string(spec.id).key("object").string("event").key("type").string(spec.type);
  out.key("created").integer(900).key("livemode").boolean(true);
  out.key("data").begin_object().key("object").begin_object().key("id").string("in_1");
  if (!spec.customer.empty()) out.key("customer").string(spec.customer);
  out.end_object().end_object().end_object();
  return std::move(out).text();
}

Headers connector_headers(const ConnectorSpec& spec) {
  return {{"ce_specversion", "1.0"},
          {"ce_id", spec.id},
          {"ce_type", spec.type},
          {"ce_source", connector_source(spec.org)},
          {"ps_receivedat", to_rfc3339(*timestamp_from_unix_seconds(spec.received))},
          {"ps_org", spec.org},
          {std::string(kDecisionHeader), encode(spec.decision)}};
}

EventKey connector_key(const ConnectorSpec& spec) {
  return make_event_key(connector_source(spec.org), spec.id);
}

SaidEvent connector_event(const ConnectorSpec& spec) {
  const EventKey key = connector_key(spec);
  const std::string source = connector_source(spec.org), body = connector_body(spec);
  const Headers headers = connector_headers(spec);
  return {key,
          Sources({connector_source()}).read({key, source, spec.type, Timestamp{}, body, headers}).facts};
}

ConnectorDecision starting(const std::string& event, std::vector<Step> steps, const std::string& workflow,
                           const std::string& org) {
  return {.action = ConnectorAction::triggered,
          .started = {{run_id(org, event, workflow), workflow, std::move(steps)}}};
}

ConnectorDecision resuming(const std::string& run, std::int64_t step) {
  return {.action = ConnectorAction::resumed, .resumed = {{run, step}}};
}

}  // namespace penstock::testing
