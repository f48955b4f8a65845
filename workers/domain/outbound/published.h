// What an org tells its own receivers: events that it has published itself.
#pragma once

#include <string>

#include "common/core/result.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

struct PublishedFacts {
  EventMeta meta;    // its type is the one published; created: when it happened
  std::string data;  // a JSON object, as it was sent
};

void name_reads(const View& view, const PublishedFacts& facts, Reads& reads);

// Tells the org's receivers, under the id that it gave (OutboxRow). Nothing else changes.
Result<Effects> decide(const View& view, const PublishedFacts& facts, const Policy& policy);

}  // namespace penstock
