// What every SeenSet promises, and what is Redis' alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <random>

#include "common/adapters/redis/no_seen_set.h"
#include "common/adapters/redis/seen_set.h"

namespace penstock {
namespace {

using SteadyClock = std::chrono::steady_clock;
using testing::Each;
using testing::ElementsAre;

// redis://127.0.0.1:PORT/DB, as tests/run sets it.
RedisOptions redis_options() {
  RedisOptions options;
  const char* address = std::getenv("PENSTOCK_TEST_REDIS");
  int port = 0;
  int database = 0;
  if (address == nullptr || std::sscanf(address, "redis://127.0.0.1:%d/%d", &port, &database) != 2) {
    ADD_FAILURE()
        << "PENSTOCK_TEST_REDIS is not set: start the tests through ./tests/run, which starts Redis";
    return options;
  }
  options.port = port;
  options.database = database;
  options.connect_timeout = options.command_timeout = Milliseconds{10'000};
  return options;
}

// Nothing is known under it yet.
std::string fresh_prefix() {
  std::random_device random;
  return "test:" + std::to_string(getpid()) + ":" + std::to_string(random()) + ":";
}

std::vector<EventKey> keys(std::initializer_list<const char*> ids) {
  std::vector<EventKey> made;
  for (const char* id : ids) made.push_back(make_event_key("stripe", id));
  return made;
}

using SeenAnswer = Result<std::vector<std::optional<Position>>>;

Position position_of(const EventKey& key) {
  return {"payments", Partition{3}, Offset{static_cast<std::int64_t>(key.value.size())}};
}

std::vector<SeenEvent> marks(const std::vector<EventKey>& keys) {
  std::vector<SeenEvent> made;
  for (const auto& key : keys) made.push_back({key, position_of(key)});
  return made;
}

std::vector<SeenEvent> events(std::initializer_list<const char*> ids) { return marks(keys(ids)); }

// Which of them are remembered.
std::vector<bool> known(const SeenAnswer& seen) {
  std::vector<bool> answer;
  for (const auto& each : seen.value()) answer.push_back(each.has_value());
  return answer;
}

struct SetAdapter {
  const char* name;
  std::unique_ptr<SeenSet> (*make)();
  bool remembers;  // may be false: a seen set may forget anything at any time
};

void PrintTo(const SetAdapter& adapter, std::ostream* out) { *out << adapter.name; }

class SeenSetContract : public testing::TestWithParam<SetAdapter> {
 protected:
  SeenSet& set() { return *set_; }

 private:
  std::unique_ptr<SeenSet> set_ = GetParam().make();
};

std::unique_ptr<SeenSet> make_redis() {
  return std::make_unique<RedisSeenSet>(redis_options(), fresh_prefix());
}
std::unique_ptr<SeenSet> make_none() { return std::make_unique<NoSeenSet>(); }

INSTANTIATE_TEST_SUITE_P(Adapters, SeenSetContract,
                         testing::Values(SetAdapter{"Redis", make_redis, true},
                                         SetAdapter{"None", make_none, false}),
                         [](const auto& adapter) { return std::string(adapter.param.name); });

TEST_P(SeenSetContract, AnUnmarkedKeyIsNotSeen) {
  const SeenAnswer seen = set().seen(keys({"evt_1", "evt_2"}));
  ASSERT_TRUE(seen) << seen.error().detail;
  EXPECT_THAT(known(seen), ElementsAre(false, false));
}

TEST_P(SeenSetContract, AMarkedKeyIsSeenInItsPlaceAndNoOther) {
  ASSERT_TRUE(set().mark(events({"evt_2", "evt_4"})));
  const SeenAnswer seen = set().seen(keys({"evt_1", "evt_2", "evt_3", "evt_4"}));
  ASSERT_TRUE(seen) << seen.error().detail;
  const bool remembers = GetParam().remembers;
  EXPECT_THAT(known(seen), ElementsAre(false, remembers, false, remembers));
}

TEST_P(SeenSetContract, AnEventIsSeenWithTheRecordThatAppliedIt) {
  const EventKey key = make_event_key("stripe", "evt_1");
  const std::vector<SeenEvent> applied = {{key, {"payments", Partition{7}, Offset{12}}}};
  ASSERT_TRUE(set().mark(applied));
  const SeenAnswer seen = set().seen(keys({"evt_1"}));
  ASSERT_TRUE(seen) << seen.error().detail;
  if (GetParam().remembers) {
    EXPECT_EQ(seen.value()[0], applied[0].position);
  }
}

TEST_P(SeenSetContract, MarkingAgainDoesNoHarm) {
  ASSERT_TRUE(set().mark(events({"evt_1", "evt_1"})));
  ASSERT_TRUE(set().mark(events({"evt_1"})));
  EXPECT_THAT(known(set().seen(keys({"evt_1", "evt_1"}))), Each(GetParam().remembers));
}

TEST_P(SeenSetContract, NothingIsAskedAboutNothing) {
  EXPECT_TRUE(set().mark({}));
  const SeenAnswer seen = set().seen({});
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen.value().empty());
}

TEST_P(SeenSetContract, KeysMayHoldAnyByte) {
  const std::vector<EventKey> odd = {EventKey{std::string("a\0b", 3)}, EventKey{"a b\r\n\xFF"}, EventKey{""}};
  ASSERT_TRUE(set().mark(marks(odd)));
  EXPECT_THAT(known(set().seen(odd)), Each(GetParam().remembers));
  EXPECT_THAT(known(set().seen(keys({"a"}))), ElementsAre(false));
}

TEST_P(SeenSetContract, ABatchOfManyKeysIsAnsweredInOrder) {
  std::vector<EventKey> all;
  std::vector<EventKey> even;
  for (int i = 0; i < 2'000; ++i) {
    all.push_back(make_event_key("stripe", "evt_" + std::to_string(i)));
    if (i % 2 == 0) even.push_back(all.back());
  }
  ASSERT_TRUE(set().mark(marks(even)));
  const SeenAnswer seen = set().seen(all);
  ASSERT_TRUE(seen) << seen.error().detail;
  ASSERT_EQ(seen.value().size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    EXPECT_EQ(seen.value()[i].has_value(), GetParam().remembers && i % 2 == 0) << i;
}

TEST(RedisSeenSet, ForgetsAfterItsTtl) {
  RedisOptions options = redis_options();
  options.ttl = std::chrono::seconds{1};
  RedisSeenSet set(options, fresh_prefix());
  ASSERT_TRUE(set.mark(events({"evt_1"})));
  const auto until = SteadyClock::now() + Milliseconds{60'000};
  bool remembered = true;
  while (remembered && SteadyClock::now() < until) remembered = known(set.seen(keys({"evt_1"})))[0];
  EXPECT_FALSE(remembered);
}

TEST(RedisSeenSet, TwoOfThemShareWhatTheyKnow) {
  const RedisOptions options = redis_options();
  const std::string prefix = fresh_prefix();
  RedisSeenSet one(options, prefix);
  RedisSeenSet other(options, prefix);
  ASSERT_TRUE(one.mark(events({"evt_1"})));
  EXPECT_THAT(known(other.seen(keys({"evt_1"}))), ElementsAre(true));
}

TEST(RedisSeenSet, StoresThatShareARedisKeepTheirEventsApart) {
  const std::string prefix = fresh_prefix();
  RedisSeenSet one(redis_options(), prefix + seen_key_prefix("one"));
  RedisSeenSet other(redis_options(), prefix + seen_key_prefix("other"));
  ASSERT_TRUE(one.mark(events({"evt_1"})));
  EXPECT_THAT(known(other.seen(keys({"evt_1"}))), ElementsAre(false));
  EXPECT_EQ(seen_key_prefix("one"), "penstock:one:seen:");
}

TEST(RedisSeenSet, DatabasesAreApart) {
  RedisOptions options = redis_options();
  const std::string prefix = fresh_prefix();
  RedisSeenSet one(options, prefix);
  options.database += 1;
  RedisSeenSet other(options, prefix);
  ASSERT_TRUE(one.mark(events({"evt_1"})));
  EXPECT_THAT(known(other.seen(keys({"evt_1"}))), ElementsAre(false));
}

TEST(RedisSeenSet, ARefusedPasswordIsUnavailableAndNotTold) {
  RedisOptions options = redis_options();
  options.username = "nobody";
  options.password = "hunter2";
  const SeenAnswer seen = RedisSeenSet(options, fresh_prefix()).seen(keys({"evt_1"}));
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, ErrorCode::unavailable);
  EXPECT_THAT(seen.error().detail, testing::Not(testing::HasSubstr("hunter2")));
}

// Listens on a port of its own; what it does with connections the test says.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_, 8), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { stop(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }
  void stop() {
    if (socket_ >= 0) close(std::exchange(socket_, -1));
  }

 private:
  int socket_;
  int port_ = 0;
};

RedisOptions options_at(int port) {
  RedisOptions options;
  options.port = port;
  options.command_timeout = Milliseconds{100};
  options.retry_pause = Milliseconds{60'000};
  return options;
}

TEST(RedisSeenSet, AServerThatSaysNothingIsATimeOut) {
  const Listener silent;
  RedisSeenSet set(options_at(silent.port()), "p:");
  const SeenAnswer seen = set.seen(keys({"evt_1"}));
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, ErrorCode::timeout);
}

TEST(RedisSeenSet, AfterAFailureItFailsAtOnceUntilThePauseIsOver) {
  const Listener silent;
  RedisSeenSet set(options_at(silent.port()), "p:");
  ASSERT_FALSE(set.seen(keys({"evt_1"})));
  for (int i = 0; i < 100; ++i) {
    const Status marked = set.mark(events({"evt_1"}));
    ASSERT_FALSE(marked);
    EXPECT_EQ(marked.error().code, ErrorCode::unavailable) << "a server that is asked would time out";
  }
}

TEST(RedisSeenSet, ErrorsNameHostAndPortAndNoPassword) {
  const Listener silent;
  RedisOptions options = options_at(silent.port());
  options.username = "nobody";
  options.password = "hunter2";
  RedisSeenSet set(options, "p:");
  const std::string address = "redis at 127.0.0.1:" + std::to_string(silent.port()) + ": ";
  for (int i = 0; i < 2; ++i) {
    const std::string detail = set.seen(keys({"evt_1"})).error().detail;
    EXPECT_THAT(detail, testing::StartsWith(address));
    EXPECT_THAT(detail, testing::Not(testing::HasSubstr("hunter2")));
  }
  options.host = "::1";
  EXPECT_THAT(RedisSeenSet(options, "p:").mark(events({"evt_1"})).error().detail,
              testing::StartsWith("redis at [::1]:"));
}

TEST(RedisSeenSet, NobodyListeningIsUnavailable) {
  Listener gone;
  gone.stop();
  const Status marked = RedisSeenSet(options_at(gone.port()), "p:").mark(events({"evt_1"}));
  ASSERT_FALSE(marked);
  EXPECT_EQ(marked.error().code, ErrorCode::unavailable);
}

// A Redis of the test's own, which it may kill. It has a password for the default user and another user.
class OwnRedis {
 public:
  OwnRedis() {
    Listener listener;
    port_ = listener.port();
  }
  ~OwnRedis() { kill_now(); }
  OwnRedis(const OwnRedis&) = delete;
  OwnRedis& operator=(const OwnRedis&) = delete;

  void start() {
    process_ = fork();
    ASSERT_GE(process_, 0);
    if (process_ != 0) return;
    const std::string port = std::to_string(port_);
    execlp("redis-server", "redis-server", "--port", port.c_str(), "--bind", "127.0.0.1", "--save", "",
           "--loglevel", "warning", "--requirepass", "s3cret", "--user", "penstock", "on", ">w0rker", "~*",
           "+@all", nullptr);
    _exit(127);
  }
  void kill_now() {
    if (process_ < 0) return;
    kill(process_, SIGKILL);
    waitpid(std::exchange(process_, -1), nullptr, 0);
  }
  RedisOptions options(std::string username, std::string password) const {
    RedisOptions options;
    options.port = port_;
    options.username = std::move(username);
    options.password = std::move(password);
    options.connect_timeout = options.command_timeout = Milliseconds{10'000};
    options.retry_pause = Milliseconds{1};
    return options;
  }

 private:
  int port_ = 0;
  pid_t process_ = -1;
};

bool works_before_long(SeenSet& set) {
  const auto until = SteadyClock::now() + Milliseconds{20'000};
  while (SteadyClock::now() < until)
    if (set.mark(events({"evt_1"}))) return true;
  return false;
}

TEST(RedisSeenSet, AuthenticatesByPasswordOrByUser) {
  OwnRedis redis;
  redis.start();
  RedisSeenSet by_password(redis.options("", "s3cret"), "p:");
  EXPECT_TRUE(works_before_long(by_password));
  RedisSeenSet by_user(redis.options("penstock", "w0rker"), "p:");
  EXPECT_TRUE(works_before_long(by_user));
  EXPECT_FALSE(RedisSeenSet(redis.options("", ""), "p:").mark(events({"evt_1"})));
}

TEST(RedisSeenSet, ConnectsAgainWhenRedisIsBack) {
  std::signal(SIGPIPE, SIG_IGN);
  OwnRedis redis;
  redis.start();
  RedisSeenSet set(redis.options("", "s3cret"), "p:");
  ASSERT_TRUE(works_before_long(set));
  redis.kill_now();
  const SeenAnswer seen = set.seen(keys({"evt_1"}));
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, ErrorCode::unavailable);
  redis.start();
  EXPECT_TRUE(works_before_long(set));
}

}  // namespace
}  // namespace penstock
