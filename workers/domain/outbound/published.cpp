#include "workers/domain/outbound/published.h"

#include "common/core/org.h"

namespace penstock {

void name_reads(const View&, const PublishedFacts&, Reads&) {}

// Asks for no row of before: one of this id is the same event, and the outbox keeps the first.
Result<Effects> decide(const View&, const PublishedFacts& facts, const Policy&) {
  const EventMeta& meta = facts.meta;
  Effects effects;
  effects.outcome = Outcome::applied;
  effects.add(OutboxRow{.id = meta.key.value,
                        .type = meta.type,
                        .org = std::string(name_of_org(meta.org)),
                        .event = meta.key,
                        .data = facts.data,
                        .happened_at = meta.created});
  return effects;
}

}  // namespace penstock
