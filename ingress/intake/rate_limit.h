// How many requests in a time each client may make: a token bucket for each, as many as there is room for.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "common/core/time.h"

namespace penstock {

struct RateLimitOptions {
  std::uint32_t count = 0;  // 0: no limit
  std::chrono::seconds per{1};
  std::uint32_t burst = 0;  // of requests at once, after a while without any; at least 1
  std::size_t clients_max = 65'536;
};

// Thread-safe; a call takes one of 64 locks for a moment, the one of its client.
//
// It remembers `clients_max` clients (about 64 bytes each). A bucket that is full says no more than none, so
// those go first; where there is none, of the buckets that share a lock the fullest goes. So whoever wants a
// bucket to be forgotten that has been emptied must have as many others emptied still further, by as many
// addresses.
class RateLimit {
 public:
  // `secret` makes it unforeseeable which clients share a lock; without one it is drawn.
  explicit RateLimit(const RateLimitOptions& options);
  RateLimit(const RateLimitOptions& options, std::uint64_t secret);

  // Takes a token of the client's; nullopt: it may come in. Else how long until there is one again. A clock
  // that is set back makes nobody wait for longer than an empty bucket does.
  std::optional<Milliseconds> admit(std::uint64_t client, Timestamp now);

  // Clients that are remembered.
  std::size_t clients() const;

 private:
  using Nanoseconds = std::chrono::nanoseconds;
  using Moment = std::chrono::sys_time<Nanoseconds>;
  struct Hash {
    std::uint64_t secret;
    std::size_t operator()(std::uint64_t client) const noexcept;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::uint64_t, Moment, Hash> full_at;  // when the client's bucket will be full
  };
  static constexpr std::size_t kShards = 64;

  void make_room(Shard& shard, Moment now) const;

  const Nanoseconds interval_;  // between two tokens; 0: no limit
  const Nanoseconds fill_time_;
  const std::size_t shard_clients_max_;
  const Hash hash_;
  std::array<Shard, kShards> shards_;
};

}  // namespace penstock
