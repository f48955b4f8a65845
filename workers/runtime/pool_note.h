// What a pool's worker leaves beside its group's offsets (EventConsumer::annotate), so that the admin API can
// say from another process what the pool is doing. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/core/describe.h"
#include "common/core/time.h"

namespace penstock {

// idle: nothing to do. backing_off: the events in hand cannot be applied now. stuck: so for longer than
// PENSTOCK_POOL_STUCK_AFTER.
BOOST_DEFINE_ENUM_CLASS(PoolActivity, idle, running, backing_off, stuck)

struct PoolNote {
  PoolActivity state = PoolActivity::backing_off;
  Timestamp since;  // when the state before last ended: what was applied last, or when the pool began to wait
  std::string error;  // code and detail, with the address of what is away
  bool operator==(const PoolNote&) const = default;
};
BOOST_DESCRIBE_STRUCT(PoolNote, (), (state, since, error))

// One JSON object of 512 bytes at most; a longer error is cut, at a character.
std::string to_text(const PoolNote& note);
// nullopt for anything else, and for an empty text.
std::optional<PoolNote> parse_pool_note(std::string_view text);

}  // namespace penstock
