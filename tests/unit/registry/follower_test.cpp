// A table that follows a log in memory, with its copy on disk.
#include "common/registry/follower.h"

#include <gtest/gtest.h>

#include "common/adapters/memory/event_log.h"
#include "common/ports/append_and_wait.h"
#include "tests/fakes/manual_clock.h"
#include "tests/unit/config/temporary_folder.h"

namespace penstock::registry {
namespace {

constexpr Milliseconds kPatience{30'000};
constexpr const char* kOrigin = "the log of this test";

class SettingsFollower : public testing::Test {
 protected:
  SettingsFollower() : log_(open_memory_log({.partitions = 2}, clock_)) {
    EXPECT_TRUE(log_.log->create_topics({std::string(kSettingsTopic)}));
  }

  Status publish(const std::string& name, std::int64_t revision, const crypto::Sealer& sealer,
                 std::optional<Partner> partner = Partner{"o1", true, "github", {"s"}}) {
    const std::string key = make_key<Partner>(name);
    Setting setting{{revision}, std::nullopt};
    if (partner) setting.value = *std::move(partner);
    return append_and_wait(
        *log_.log, 1,
        [&](std::size_t) {
          return Record{std::string(kSettingsTopic), key, seal_setting(sealer, key, setting), {}};
        },
        kPatience);
  }
  void follow(Table& table, const crypto::Sealer& sealer) {
    follower_.emplace(FollowerOptions{copy_, kOrigin, Milliseconds{5}, Milliseconds{0}}, *log_.log, sealer,
                      table, clock_, metrics_);
  }
  bool ready_in_time() {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!follower_->ready() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    return follower_->ready().has_value();
  }

  ManualClock clock_;
  Metrics metrics_;
  MemoryEventLog log_;
  TemporaryFolder folder_;
  const std::filesystem::path copy_ = folder_.path() / "settings.copy";
  const crypto::Sealer ours_{std::vector<std::string>{std::string(32, 'k')}};
  const crypto::Sealer theirs_{std::vector<std::string>{std::string(32, 'x')}};
  Table table_, second_;
  std::optional<Follower> follower_;
};

TEST_F(SettingsFollower, TellsTheTableWhatStandsInTheLogAndWhatComes) {
  ASSERT_TRUE(publish("before", 1, ours_));
  follow(table_, ours_);
  ASSERT_TRUE(table_.wait_for("partner/before", {1}, kPatience));
  ASSERT_TRUE(publish("after", 2, ours_));
  EXPECT_TRUE(table_.wait_for("partner/after", {2}, kPatience));
  ASSERT_TRUE(publish("before", 3, ours_, std::nullopt));
  ASSERT_TRUE(table_.wait_for("partner/before", {3}, kPatience));
  EXPECT_EQ(table_.current().find<Partner>("before"), nullptr);
}

TEST_F(SettingsFollower, IsNotReadyBeforeItKnowsAnything) {
  ASSERT_TRUE(publish("acme", 1, ours_));  // an empty topic needs no answer of the storage
  log_.storage->set_available(false);
  follow(table_, ours_);
  EXPECT_EQ(follower_->ready().error().code, ErrorCode::unavailable);
  log_.storage->set_available(true);
  EXPECT_TRUE(ready_in_time());
}

TEST_F(SettingsFollower, StartsFromTheCopyWhileTheLogIsAway) {
  ASSERT_TRUE(publish("acme", 1, ours_));
  follow(table_, ours_);
  ASSERT_TRUE(table_.wait_for("partner/acme", {1}, kPatience));
  follower_.reset();  // leaves a copy
  log_.storage->set_available(false);
  follow(second_, ours_);
  EXPECT_TRUE(follower_->ready());
  ASSERT_NE(second_.current().find<Partner>("acme"), nullptr);
  EXPECT_EQ(second_.current().find<Partner>("acme")->value->scheme, "github");
}

TEST_F(SettingsFollower, WhatTheCopyHasAndTheLogHasLostIsNotServedOnceTheLogAnswers) {
  ASSERT_TRUE(publish("other", 1, ours_));
  const std::string key = make_key<Partner>("revoked");
  NewCopy copy(kOrigin, 1);
  copy.add(key, seal_setting(ours_, key, {{9}, Partner{}}));
  ASSERT_TRUE(std::move(copy).write(copy_));
  log_.storage->set_available(false);
  follow(table_, ours_);
  ASSERT_NE(table_.current().find<Partner>("revoked"), nullptr);
  ASSERT_TRUE([&] {
    log_.storage->set_available(true);
    return publish("acme", 1, ours_).has_value() && table_.wait_for("partner/acme", {1}, kPatience);
  }());
  ASSERT_NE(table_.current().find<Partner>("revoked"), nullptr);
  EXPECT_EQ(table_.current().find<Partner>("revoked")->value, nullptr)
      << "it may have been revoked meanwhile";
  EXPECT_EQ(table_.misled(), std::vector<std::string>{"partner/revoked"});
}

TEST_F(SettingsFollower, WhoeverCanWriteToTheTopicBringsNothingBackAndTakesNothingAway) {
  const std::string key = make_key<Partner>("acme");
  const auto forge = [&](std::optional<std::string> value) {
    return append_and_wait(
        *log_.log, 1,
        [&](std::size_t) {
          return Record{std::string(kSettingsTopic), key, value.value_or(""), {}, !value};
        },
        kPatience);
  };
  const std::string old = seal_setting(ours_, key, {{4}, Partner{"o1", true, "stripe", {"known to many"}}});
  const std::string foreign = seal_setting(ours_, "partner/other", {{9}, Partner{}});
  ASSERT_TRUE(publish("acme", 5, ours_));
  follow(table_, ours_);
  ASSERT_TRUE(table_.wait_for(key, {5}, kPatience));
  ASSERT_TRUE(forge(old));
  ASSERT_TRUE(forge("v1.nonsense"));
  ASSERT_TRUE(forge(foreign));
  ASSERT_TRUE(forge(std::nullopt));
  const auto wait_until_misled = [&](const Table& table) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (table.misled().empty() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  };
  wait_until_misled(table_);
  follower_.reset();
  std::filesystem::remove(copy_);
  follow(second_, ours_);  // who was not there
  wait_until_misled(second_);
  for (const auto* table : {&table_, &second_}) {
    const auto* entry = table->current().find<Partner>("acme");
    ASSERT_NE(entry, nullptr);
    ASSERT_NE(entry->value, nullptr);
    EXPECT_EQ(entry->value->scheme, "github");
    EXPECT_EQ(table->misled(), std::vector<std::string>{key});
  }
}

TEST_F(SettingsFollower, ADamagedCopyIsPassedOverAndWrittenAnew) {
  folder_.write("settings.copy", "no copy at all");
  ASSERT_TRUE(publish("acme", 1, ours_));
  follow(table_, ours_);
  ASSERT_TRUE(table_.wait_for("partner/acme", {1}, kPatience));
  follower_.reset();
  EXPECT_EQ(read_copy(copy_, kOrigin).value().size(), 1U);
}

TEST_F(SettingsFollower, WhatAKillHasLeftBesideTheCopyIsRemoved) {
  for (const auto* name :
       {"settings.copy.a1B2c3", "settings.copy.keep", "settings.copyXa1B2c3", "other.copy.a1B2c3"})
    folder_.write(name, "half a copy");
  follow(table_, ours_);
  ASSERT_TRUE(ready_in_time());
  follower_.reset();
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "settings.copy.a1B2c3"));
  for (const auto* name : {"settings.copy.keep", "settings.copyXa1B2c3", "other.copy.a1B2c3"})
    EXPECT_TRUE(std::filesystem::exists(folder_.path() / name)) << name;
}

TEST_F(SettingsFollower, ASettingUnderAnotherKeyIsNoneToBeGuessedAt) {
  ASSERT_TRUE(publish("acme", 1, theirs_));
  ASSERT_TRUE(publish("other", 1, ours_));
  follow(table_, ours_);
  ASSERT_TRUE(table_.wait_for("partner/other", {1}, kPatience));
  const auto* entry = table_.current().find<Partner>("acme");
  const auto until = std::chrono::steady_clock::now() + kPatience;  // it may stand in the other partition
  while ((entry = table_.current().find<Partner>("acme")) == nullptr &&
         std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->value, nullptr);
  EXPECT_EQ(follower_->unreadable(), 1U);
  EXPECT_TRUE(follower_->ready()) << "the other settings are known";
  ASSERT_TRUE(publish("acme", 2, ours_));
  ASSERT_TRUE(table_.wait_for("partner/acme", {2}, kPatience));
  EXPECT_EQ(follower_->unreadable(), 0U);
}

TEST_F(SettingsFollower, WhatIsNoSettingOfOursChangesNothing) {
  ASSERT_TRUE(publish("acme", 1, ours_));
  follow(table_, ours_);
  ASSERT_TRUE(table_.wait_for("partner/acme", {1}, kPatience));
  const std::string forged = seal_setting(ours_, "partner/other", {{9}, Partner{}});
  ASSERT_TRUE(append_and_wait(
      *log_.log, 1,
      [&](std::size_t) {
        return Record{std::string(kSettingsTopic), "partner/forged", forged, {}};
      },
      kPatience));
  ASSERT_TRUE(publish("last", 2, ours_));
  ASSERT_TRUE(table_.wait_for("partner/last", {2}, kPatience));
  const auto* forgery = table_.current().find<Partner>("forged");
  EXPECT_TRUE(forgery == nullptr || forgery->value == nullptr);
  EXPECT_EQ(table_.current().find<Partner>("acme")->value->scheme, "github");
}

}  // namespace
}  // namespace penstock::registry
