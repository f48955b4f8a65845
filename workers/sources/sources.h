// Where events come from, and who reads them: a provider's events are read by its own source
// wherever they are read, and by no other. A type means what its source says it means:
// `invoice.paid` of a partner is not Stripe's.
//
// To add one: a folder here that reads its events into the domain's facts, and a line in workers/options.h.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ports/event_record.h"
#include "workers/domain/decide.h"

namespace penstock {

// A record of the log, as far as its headers go.
struct RawEvent {
  const EventKey& key;
  std::string_view source;  // ce_source: "stripe", "partner/acme"
  std::string_view type;
  Timestamp created;
  std::string_view body;
  const Headers& headers;  // all of the record's
};

// What its body says. What can be told of an event that cannot be applied is told all the same.
struct ReadEvent {
  Result<Facts> facts;                     // an error is `invalid`, the class first, and parks the event
  std::optional<std::string> entity = {};  // the id of what it is about
  std::optional<Timestamp> created = {};   // by the body
};

struct Source {
  std::string_view name;  // of ce_source, all of it up to a slash
  std::function<ReadEvent(const RawEvent&)> read;
};

// Immutable; may be used from any thread.
class Sources {
 public:
  explicit Sources(std::vector<Source> sources);

  // Strictly, by the event's source. Never blocks or throws. An event of no known
  // source is parked: unknown_source.
  ReadEvent read(const RawEvent& event) const;

 private:
  std::vector<Source> sources_;
};

}  // namespace penstock
