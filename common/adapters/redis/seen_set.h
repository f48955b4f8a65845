// The seen set on Redis (hiredis): for each event a key with a TTL, whose value is the position of the record
// that applied it ("topic/partition/offset").
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/core/time.h"
#include "common/ports/seen_set.h"

struct redisContext;

namespace penstock {

// "penstock:<store id>:seen:". Deployments that share a Redis never take each other's events for their own,
// since each has a store of its own.
inline std::string seen_key_prefix(const std::string& store_id) { return "penstock:" + store_id + ":seen:"; }

struct RedisOptions {
  std::string host = "127.0.0.1";
  int port = 6379;
  std::string username;  // empty: the default user
  std::string password;  // empty: no AUTH
  int database = 0;

  std::chrono::seconds ttl{24 * 60 * 60};
  Milliseconds connect_timeout{200};
  Milliseconds command_timeout{200};  // of a whole call
  Milliseconds retry_pause{1'000};    // after a failure, calls fail at once for so long
};

// Connects when it is first used, and again after a failure. Any failure costs the connection, since hiredis
// cannot go on with it. No TLS. The process must ignore SIGPIPE. Errors of both calls: unavailable or
// timeout, safe: marking twice does no harm, and forgetting none either. They say
// which Redis it was, by host and port.
class RedisSeenSet final : public SeenSet {
 public:
  // The prefix is that of the store whose events these are.
  RedisSeenSet(RedisOptions options, std::string key_prefix);
  ~RedisSeenSet() override;

  Result<std::vector<std::optional<Position>>> seen(std::span<const EventKey> keys) override;
  Status mark(std::span<const SeenEvent> events) override;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct CloseContext {
    void operator()(redisContext* context) const noexcept;
  };
  struct Reply;
  using Command = std::vector<std::string>;

  // One round trip: sends all, then reads an answer to each.
  Result<std::vector<Reply>> call(const std::vector<Command>& commands);
  Result<std::vector<Reply>> pipeline(const std::vector<Command>& commands);
  Result<Reply> read_reply(SteadyTime deadline);
  Status ensure_connected();
  Status connect();
  Error fail(Error why);
  Error error(ErrorCode code, std::string_view what) const;
  Error context_error(std::string_view doing) const;

  const RedisOptions options_;
  const std::string key_prefix_;
  std::unique_ptr<redisContext, CloseContext> context_;  // null while there is no good connection
  SteadyTime retry_at_{};
  bool failing_ = false;  // logged once per change
};

}  // namespace penstock
