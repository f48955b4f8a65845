// The seen set that the settings name: under the id of the store, which is asked for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "common/adapters/redis/seen_set.h"
#include "common/wiring/seen_set.h"
#include "common/wiring/store.h"
#include "tests/fakes/faulty_store.h"

namespace penstock {
namespace {

using ::testing::HasSubstr;

class SeenSetOfStore : public ::testing::Test {
 protected:
  SeenSetOfStore() {
    std::string path = (std::filesystem::temp_directory_path() / "penstock.XXXXXX").string();
    folder_ = mkdtemp(path.data());
    settings_.store = SqliteUrl{(folder_ / "state.db").string()};
    settings_.seen_ttl = std::chrono::hours{1};
  }
  ~SeenSetOfStore() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void SetUp() override {
    const char* url = std::getenv("PENSTOCK_TEST_REDIS");
    ASSERT_NE(url, nullptr) << "PENSTOCK_TEST_REDIS is not set: start the tests through ./tests/run";
    settings_.redis = parse_redis_url(url).value();
    store_ = open_store(settings_).value();
  }

  std::filesystem::path folder_;
  Settings settings_;
  std::unique_ptr<StoreAdapter> store_;
};

TEST_F(SeenSetOfStore, KeepsEventsUnderTheIdOfTheStore) {
  ASSERT_TRUE(store_->migrate());
  const SeenEvent event{make_event_key("stripe", "evt_1"), {"payments", Partition{3}, Offset{7}}};
  const auto seen_set = open_seen_set(settings_, *store_);
  const Status marked = seen_set->mark(std::vector{event});
  ASSERT_TRUE(marked) << marked.error().detail;

  RedisOptions options;
  options.host = settings_.redis->address.host;
  options.port = settings_.redis->address.port;
  options.database = settings_.redis->database;
  const std::string key = "penstock:" + store_->id().value() + ":seen:stripe:evt_1";
  const auto seen = RedisSeenSet(options, "").seen(std::vector{EventKey{key}});
  ASSERT_TRUE(seen) << seen.error().detail;
  EXPECT_EQ(seen.value()[0], event.position);
  EXPECT_EQ(to_text(event.position), "payments/3/7");
}

TEST_F(SeenSetOfStore, AStoreThatIsAwayIsNotAskedEachTime) {
  ASSERT_TRUE(store_->migrate());
  testing::FaultyStore faulty(*store_);
  faulty.set_available(false);
  const auto seen_set = open_seen_set(settings_, faulty);
  const std::vector<EventKey> keys = {make_event_key("stripe", "evt_1")};
  constexpr int kCalls = 1'000;
  for (int i = 0; i < kCalls; ++i) {
    const auto seen = seen_set->seen(keys);
    ASSERT_FALSE(seen);
    EXPECT_EQ(seen.error().code, ErrorCode::unavailable);
    EXPECT_THAT(seen.error().detail, HasSubstr("the store has not said its id yet"));
  }
  EXPECT_LT(faulty.times_asked_for_id(), kCalls / 2);

  faulty.set_available(true);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (!seen_set->seen(keys)) ASSERT_LT(std::chrono::steady_clock::now(), until);
}

}  // namespace
}  // namespace penstock
