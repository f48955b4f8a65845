// Stripe events as a test spells them: what is said about which object, and when.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "workers/sources/stripe/event.h"

namespace penstock::testing {

struct EventSpec {
  std::string type;
  std::string object;           // JSON, the member data.object
  std::string id = {};          // default: made of the others, so that equal specs are one event
  std::int64_t created = 1000;  // Unix seconds
  std::optional<std::string> account = {};
  bool livemode = true;
  std::string previous_attributes = {};  // JSON; left out when empty
};

// The body as Stripe posts it.
std::string event_body(const EventSpec& spec);

using stripe::Event;

// The event, read back from that body. Aborts when the body is no event.
Event build_event(const EventSpec& spec);

// One body of the corpus in ../shared/stripe_events (PENSTOCK_STRIPE_EVENTS overrides the folder); nullopt
// when the file is not there.
std::optional<std::string> corpus_body(std::string_view file);

}  // namespace penstock::testing
