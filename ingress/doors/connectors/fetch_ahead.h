// Settings of one org among many thousands are seldom in the processor's caches. What a later step of a request reads is
// asked for in an earlier one, and comes from memory while the body is read and its HMAC computed. It has no
// other effect; `tests/bench/run doors` posts to 10,000 connectors in turn.
#pragma once

#include "common/registry/table.h"

namespace penstock {

// With the head: the rows themselves.
void fetch_settings(const registry::Snapshot& settings, std::string_view org) noexcept;
// Before the body is judged: an org's workflows. nullptr: it has none.
void fetch_workflows(const registry::Workflows* workflows) noexcept;
// Before it is decided about: what the workflows consist of.
void fetch_patterns_and_steps(const registry::Workflows* workflows) noexcept;

}  // namespace penstock
