#include "workers/sources/connectors/connectors.h"

#include <utility>

#include "common/core/org.h"
#include "workers/sources/stripe/event.h"

namespace penstock {
namespace {

Result<std::string_view> org_of_source(std::string_view source) {
  const auto org = source.substr(std::min(kConnectors.size() + 1, source.size()));
  if (is_org_name(org)) return org;
  return Error{ErrorCode::invalid, "wrong_shape: ce_source names no org"};
}

RunToStart run_to_start(StartedRun started, json::Value event) {
  RunToStart run{std::move(started.run), std::move(started.workflow), {}};
  for (auto& step : started.steps.list()) {
    auto value = step.wait ? match_value(event, step.wait->match) : std::nullopt;
    run.steps.push_back({std::move(step), std::move(value)});
  }
  return run;
}

std::optional<std::string> id_of(json::Value object) {
  constexpr std::size_t kIdBytesMax = 255;
  const auto id = object["id"].string();
  return id && id->size() <= kIdBytesMax ? std::optional<std::string>(*id) : std::nullopt;
}

// `received`: the record's header, which its door has written.
Result<Facts> read_facts(const RawEvent& raw, const stripe::Event& event) {
  if (make_event_key(raw.source, event.meta.id) != raw.key)
    return Error{ErrorCode::invalid, "wrong_shape: event.id is not the one that the record is named by"};
  TRY(const auto org, org_of_source(raw.source));
  const auto received = parse_rfc3339(find_header(raw.headers, "ps_receivedat").value_or(""));
  if (!received) return Error{ErrorCode::invalid, "wrong_shape: header ps_receivedat cannot be read"};
  TRY(auto decision, decode_decision(find_header(raw.headers, kDecisionHeader).value_or("")));
  ConnectorFacts facts{event.meta, *received, id_of(event.object())};
  facts.meta.org = org_of_name(org);
  if (decision.action == ConnectorAction::skipped) facts.skipped = decision.reason.value_or("skipped");
  facts.resumed = std::move(decision.resumed);
  for (auto& each : decision.started)
    facts.started.push_back(run_to_start(std::move(each), event.body.root()));
  return Facts{std::move(facts)};
}

ReadEvent read(const RawEvent& raw) {
  auto document = json::Document::parse(raw.body);
  if (!document) return {document.error()};
  const auto event = stripe::read_event(raw.key, std::move(document).value());
  if (!event) return {event.error()};
  return {.facts = read_facts(raw, event.value()),
          .entity = id_of(event.value().object()),
          .created = event.value().meta.created};
}

}  // namespace

Source connector_source() { return {kConnectors, read}; }

}  // namespace penstock
