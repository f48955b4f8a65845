#include "common/adapters/redis/seen_set.h"

#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <cerrno>
#include <utility>

#include "common/observe/log.h"

namespace penstock {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct FreeReply {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};

timeval to_timeval(Milliseconds duration) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
  return {.tv_sec = seconds.count(), .tv_usec = std::chrono::microseconds(duration - seconds).count()};
}

}  // namespace

// What we read of a reply: GET answers with a text or nothing, the other commands with a word.
struct RedisSeenSet::Reply {
  std::optional<std::string> text;
};

void RedisSeenSet::CloseContext::operator()(redisContext* context) const noexcept { redisFree(context); }

RedisSeenSet::RedisSeenSet(RedisOptions options, std::string key_prefix)
    : options_(std::move(options)), key_prefix_(std::move(key_prefix)) {}
RedisSeenSet::~RedisSeenSet() = default;

Result<std::vector<std::optional<Position>>> RedisSeenSet::seen(std::span<const EventKey> keys) {
  std::vector<Command> commands;
  commands.reserve(keys.size());
  for (const EventKey& key : keys) commands.push_back({"GET", key_prefix_ + key.value});
  TRY(const std::vector<Reply> replies, call(commands));
  std::vector<std::optional<Position>> seen;
  seen.reserve(replies.size());
  for (const Reply& reply : replies) seen.push_back(reply.text ? parse_position(*reply.text) : std::nullopt);
  return seen;
}

Status RedisSeenSet::mark(std::span<const SeenEvent> events) {
  const std::string ttl = std::to_string(options_.ttl.count());
  std::vector<Command> commands;
  commands.reserve(events.size());
  for (const SeenEvent& event : events)
    commands.push_back({"SET", key_prefix_ + event.key.value, to_text(event.position), "EX", ttl});
  TRY_STATUS(call(commands));
  return ok();
}

Result<std::vector<RedisSeenSet::Reply>> RedisSeenSet::call(const std::vector<Command>& commands) {
  if (commands.empty()) return std::vector<Reply>{};
  TRY_STATUS(ensure_connected());
  Result<std::vector<Reply>> replies = pipeline(commands);
  if (!replies) return fail(replies.error());
  return replies;
}

Result<std::vector<RedisSeenSet::Reply>> RedisSeenSet::pipeline(const std::vector<Command>& commands) {
  const SteadyTime deadline = SteadyClock::now() + options_.command_timeout;
  for (const Command& command : commands) {
    std::vector<const char*> words;
    std::vector<std::size_t> sizes;
    for (const std::string& word : command) {
      words.push_back(word.data());
      sizes.push_back(word.size());
    }
    if (redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), words.data(), sizes.data()) !=
        REDIS_OK)
      return context_error("send");
  }
  std::vector<Reply> replies;
  replies.reserve(commands.size());
  for (std::size_t i = 0; i < commands.size(); ++i) {
    TRY(const Reply reply, read_reply(deadline));
    replies.push_back(reply);
  }
  return replies;
}

Result<RedisSeenSet::Reply> RedisSeenSet::read_reply(SteadyTime deadline) {
  void* raw = nullptr;
  if (redisGetReply(context_.get(), &raw) != REDIS_OK) return context_error("call");
  const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(raw));
  // hiredis limits each read; a server that sends little by little would pass that.
  if (SteadyClock::now() > deadline) return error(ErrorCode::timeout, "the replies came too slowly");
  if (reply->type == REDIS_REPLY_ERROR)
    return error(ErrorCode::unavailable, std::string_view(reply->str, reply->len));
  if (reply->type != REDIS_REPLY_STRING) return Reply{};
  return Reply{.text = std::string(reply->str, reply->len)};
}

Status RedisSeenSet::ensure_connected() {
  if (context_) return ok();
  if (SteadyClock::now() < retry_at_) return error(ErrorCode::unavailable, "it failed a moment ago");
  const Status connected = connect();
  if (!connected) return fail(connected.error());
  if (std::exchange(failing_, false)) log::info("redis is back");
  return ok();
}

Status RedisSeenSet::connect() {
  context_.reset(
      redisConnectWithTimeout(options_.host.c_str(), options_.port, to_timeval(options_.connect_timeout)));
  if (!context_) return error(ErrorCode::unavailable, "connect: out of memory");
  if (context_->err != 0) return context_error("connect");
  if (redisSetTimeout(context_.get(), to_timeval(options_.command_timeout)) != REDIS_OK)
    return context_error("connect");
  std::vector<Command> greeting;
  if (!options_.password.empty() && !options_.username.empty())
    greeting.push_back({"AUTH", options_.username, options_.password});
  else if (!options_.password.empty())
    greeting.push_back({"AUTH", options_.password});
  if (options_.database != 0) greeting.push_back({"SELECT", std::to_string(options_.database)});
  TRY_STATUS(pipeline(greeting));
  return ok();
}

Error RedisSeenSet::fail(Error why) {
  context_.reset();
  retry_at_ = SteadyClock::now() + options_.retry_pause;
  if (!std::exchange(failing_, true)) log::warn("redis unavailable", {{"error", why.detail}});
  return why;
}

Error RedisSeenSet::error(ErrorCode code, std::string_view what) const {
  const bool is_v6 = options_.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + options_.host + "]" : options_.host;
  std::string detail = "redis at " + host + ":" + std::to_string(options_.port) + ": ";
  return {code, detail.append(what)};
}

Error RedisSeenSet::context_error(std::string_view doing) const {
  const bool timed_out = context_->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK);
  return error(timed_out ? ErrorCode::timeout : ErrorCode::unavailable,
               std::string(doing) + ": " + context_->errstr);
}

}  // namespace penstock
