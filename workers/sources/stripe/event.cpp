#include "workers/sources/stripe/event.h"

#include "workers/sources/reader.h"

namespace penstock::stripe {

Result<Event> read_event(const EventKey& key, json::Document body) {
  Event event;
  event.body = std::move(body);
  Reader in(event.body.root(), "event");
  event.meta.key = key;
  event.meta.id = in.text("id");
  event.meta.type = in.text("type");
  if (const auto object = in.optional_text("object"); object && *object != "event")
    in.refuse("object", "is not \"event\"");
  event.meta.created = in.seconds("created");
  event.meta.account = in.optional_reference("account");
  if (event.meta.account && event.meta.account->find(':') != std::string::npos)
    in.refuse("account", "is no account id");
  event.meta.livemode = in.optional_boolean("livemode").value_or(false);
  if (!event.object().is_object()) in.refuse("data", "has no object");
  if (const auto problem = in.problem()) return *problem;
  return event;
}

}  // namespace penstock::stripe
