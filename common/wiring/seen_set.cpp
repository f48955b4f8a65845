#include "common/wiring/seen_set.h"

#include <chrono>

#include "common/adapters/redis/no_seen_set.h"
#include "common/adapters/redis/seen_set.h"

namespace penstock {
namespace {

RedisOptions redis_options(const Settings& settings) {
  RedisOptions options;
  options.host = settings.redis->address.host;
  options.port = settings.redis->address.port;
  options.username = settings.redis->username;
  options.password = settings.redis->password;
  options.database = settings.redis->database;
  options.ttl = std::chrono::floor<std::chrono::seconds>(settings.seen_ttl);
  return options;
}

constexpr std::chrono::seconds kAskAgainAfter{1};

// A program may start before its store can be reached, and the keys in Redis begin with the store's id.
class SeenSetOfStore final : public SeenSet {
 public:
  SeenSetOfStore(RedisOptions options, Store& store) : options_(std::move(options)), store_(store) {}

  Result<std::vector<std::optional<Position>>> seen(std::span<const EventKey> keys) override {
    TRY_STATUS(open());
    return redis_->seen(keys);
  }
  Status mark(std::span<const SeenEvent> events) override {
    TRY_STATUS(open());
    return redis_->mark(events);
  }

 private:
  Status open() {
    if (redis_) return ok();
    if (std::chrono::steady_clock::now() < ask_at_) return nameless({});
    const auto id = store_.id();
    ask_at_ = std::chrono::steady_clock::now() + kAskAgainAfter;
    if (!id) return nameless(": " + id.error().detail);
    redis_ = std::make_unique<RedisSeenSet>(options_, seen_key_prefix(id.value()));
    return ok();
  }

  static Error nameless(const std::string& why) {
    return {ErrorCode::unavailable, "the store has not said its id yet" + why};
  }

  const RedisOptions options_;
  Store& store_;
  std::chrono::steady_clock::time_point ask_at_{};
  std::unique_ptr<RedisSeenSet> redis_;
};

}  // namespace

std::unique_ptr<SeenSet> open_seen_set(const Settings& settings, Store& store) {
  if (!settings.redis) return std::make_unique<NoSeenSet>();
  return std::make_unique<SeenSetOfStore>(redis_options(settings), store);
}

}  // namespace penstock
