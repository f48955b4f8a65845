#include "common/wiring/seen_set.h"

#include "common/adapters/redis/no_seen_set.h"
#include "common/adapters/redis/seen_set.h"

namespace penstock {

std::unique_ptr<SeenSet> open_seen_set(const Settings& settings) {
  if (!settings.redis) return std::make_unique<NoSeenSet>();
  RedisOptions options;
  options.host = settings.redis->address.host;
  options.port = settings.redis->address.port;
  options.username = settings.redis->username;
  options.password = settings.redis->password;
  options.database = settings.redis->database;
  options.ttl = std::chrono::floor<std::chrono::seconds>(settings.seen_ttl);
  return std::make_unique<RedisSeenSet>(std::move(options));
}

}  // namespace penstock
