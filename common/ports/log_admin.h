// The upkeep of the log.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.h"
#include "common/ports/event_record.h"

namespace penstock {

// Which of these dead letters are of events that are parked still: one answer each, in order.
using StillParked = std::function<Result<std::vector<bool>>(std::span<const StoredRecord> letters)>;

// Topics of which only the newest record of each key matters. Logs keep at least that one, and a deletion for a
// day; a record without a key is refused there.
bool is_compacted(std::string_view topic) noexcept;
inline constexpr Milliseconds kDeletionsKept = std::chrono::hours{24};

// The topic of claims on idempotency keys (ingress/claims/claims.h), and how long its records are kept: twice as long as
// they hold.
inline constexpr std::string_view kClaimsTopic = "claims";
inline constexpr Milliseconds kClaimsKept = std::chrono::hours{48};
// How long a log keeps the records of a topic that no group consumes and that matter for a while only; nullopt: of
// every other topic.
std::optional<Milliseconds> own_retention(std::string_view topic) noexcept;

// All methods may be called from any thread.
class LogAdmin {
 public:
  virtual ~LogAdmin() = default;

  // Makes these topics what the settings say: creates what is missing, and alters what is weaker than meant
  // (never makes anything weaker or smaller). Idempotent, and safe from two places at once. Errors: invalid,
  // naming the topic and both values, for what cannot be altered. Blocks.
  virtual Status create_topics(const std::vector<std::string>& topics) = 0;

  // Drops records that were appended before that instant and that every group of their topic has committed; in
  // compacted topics instead those that a newer one of their key has replaced, and deletions after their time.
  // Dead letters (the topic `parked`) are kept for as long as `still_parked` says so; without it, and in
  // other topics that nobody consumes, everything is kept, or for as long as own_retention() says. One bounded run: true when there is more to drop,
  // so call again. A log that ages its records out by itself does nothing. Blocks; appends are answered in
  // between. One caller at a time.
  virtual Result<bool> prune(Timestamp older_than, const StillParked& still_parked) = 0;
};

}  // namespace penstock
