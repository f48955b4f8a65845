#include "tests/unit/domain/published_events.h"

#include "workers/sources/events/events.h"

namespace penstock::testing {

SaidEvent published_event(const PublishedSpec& spec) {
  const std::string source = "events/" + spec.org, body = "{\"data\":" + spec.data + "}";
  const EventKey key = make_event_key(source, spec.id);
  return {key, Sources({published_source()}).read({key, source, spec.type, spec.at, body, {}}).facts};
}

}  // namespace penstock::testing
