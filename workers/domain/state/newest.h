// Attributes of which an event says some and not others: each holds as the newest event that says it has it.
//
// Commutative, associative and idempotent for each attribute, since versions are total. What an event leaves out
// it says nothing of, so nothing is ever unsaid.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "common/core/describe.h"
#include "workers/domain/event/event.h"

namespace penstock {

// Of the event that each attribute is known from, by the attribute's name.
using Versions = std::map<std::string, EventVersion>;

// `Attributes` is a described struct of optionals.
template <Described Attributes>
void take_newest(Attributes& known, Versions& versions, const Attributes& said, const EventVersion& version) {
  for_each_member<Attributes>([&](auto each) {
    if (!(said.*each.pointer)) return;
    const auto [held, is_first] = versions.try_emplace(each.name, version);
    if (!is_first && version < held->second) return;
    held->second = version;
    known.*each.pointer = said.*each.pointer;
  });
}

// Whether something is known from a newer event.
inline bool knows_newer(const Versions& versions, const EventVersion& version) {
  return std::any_of(versions.begin(), versions.end(),
                     [&](const auto& known) { return version < known.second; });
}

}  // namespace penstock
