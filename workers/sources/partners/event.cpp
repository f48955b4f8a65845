#include "workers/sources/partners/event.h"

#include "common/core/org.h"
#include "workers/sources/reader.h"

namespace penstock::partners {
namespace {

// A record without the header is of the default org, one with a name that is none of nobody's.
Result<std::optional<std::string>> read_org(const Headers& headers) {
  const std::string_view name = find_header(headers, "ps_org").value_or(kDefaultOrg);
  if (!is_org_name(name)) return Error{ErrorCode::invalid, "wrong_shape: header ps_org is no org's name"};
  return org_of_name(name);
}

}  // namespace

Result<Event> read_event(const RawEvent& raw, json::Document body) {
  Event event;
  event.body = std::move(body);
  Reader in(event.body.root(), "event");
  const std::string id = in.text("id");
  event.meta.key = raw.key;
  event.meta.id = raw.key.value;
  event.meta.type = in.text("type");
  event.meta.created = in.optional_time("created").value_or(raw.created);
  event.meta.livemode = true;
  if (const auto problem = in.problem()) return *problem;
  if (make_event_key(raw.source, id) != raw.key)
    return Error{ErrorCode::invalid, "wrong_shape: event.id is not the one that the record is named by"};
  TRY(event.meta.org, read_org(raw.headers));
  return event;
}

}  // namespace penstock::partners
