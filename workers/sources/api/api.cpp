#include "workers/sources/api/api.h"

#include "workers/sources/api/readers.h"
#include "workers/sources/org.h"

namespace penstock {
namespace {

using api::Event;

struct Handler {
  std::string_view type;
  Result<Facts> (*read)(const Event&);
};

template <class F, Result<F> (*read)(const Event&)>
Result<Facts> read_as(const Event& event) {
  TRY(auto facts, read(event));
  return Facts(std::move(facts));
}

constexpr Handler kHandlers[] = {{"report.created", read_as<ReportFacts, api::read_report>}};

Result<Facts> understand(const Event& event) {
  for (const auto& handler : kHandlers)
    if (handler.type == event.meta.type) return handler.read(event);
  return Facts{UnhandledFacts{event.meta}};
}

Result<std::string> read_header(const RawEvent& raw, std::string_view name) {
  const auto value = find_header(raw.headers, name);
  if (value && !value->empty()) return std::string(*value);
  return Error{ErrorCode::invalid, "wrong_shape: header " + std::string(name) + " is missing"};
}

Result<Event> read_event(const RawEvent& raw) {
  Event event;
  TRY(event.body, json::Document::parse(raw.body));
  TRY(event.id, read_header(raw, "ce_id"));
  TRY(event.principal, read_header(raw, "ps_principal"));
  event.meta.key = raw.key;
  event.meta.id = raw.key.value;
  event.meta.type = raw.type;
  event.meta.created = raw.created;
  event.meta.livemode = true;
  TRY(event.meta.org, read_org(raw.headers));
  return event;
}

ReadEvent read(const RawEvent& raw) {
  const auto event = read_event(raw);
  if (!event) return {event.error()};
  return {.facts = understand(event.value()), .entity = event.value().id};
}

}  // namespace

Source api_source() { return {kApi, read}; }

}  // namespace penstock
