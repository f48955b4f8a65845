#include "common/registry/table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace penstock::registry {
namespace {

Change put(std::string name, std::int64_t revision, std::string scheme = "github") {
  return {make_key<Partner>(name), State::there, {{revision}, Partner{"o1", true, std::move(scheme), {"s"}}}};
}
Change removed(std::string name, std::int64_t revision) {
  return {make_key<Partner>(name), State::deleted, {{revision}, std::nullopt}};
}

std::string scheme_of(const Table& table, std::string_view name) {
  const auto* entry = table.current().find<Partner>(name);
  if (entry == nullptr) return "none";
  return entry->value == nullptr ? "unreadable" : entry->value->scheme;
}

TEST(SettingsTable, KnowsWhatItWasTold) {
  Table table;
  EXPECT_FALSE(table.current().filled());
  EXPECT_EQ(scheme_of(table, "acme"), "none");
  table.replace({put("acme", 1), put("other", 1, "shopify")});
  EXPECT_TRUE(table.current().filled());
  EXPECT_EQ(scheme_of(table, "acme"), "github");
  EXPECT_EQ(scheme_of(table, "other"), "shopify");
  EXPECT_EQ(table.current().find<App>("acme"), nullptr) << "another kind is another setting";
  EXPECT_EQ(table.current().size(), 2U);
}

TEST(SettingsTable, TheLaterChangeHoldsInWhateverOrderTheyCome) {
  Table table;
  table.replace({});
  table.apply({put("acme", 5, "shopify")});
  table.apply({put("acme", 4, "github")});
  EXPECT_EQ(scheme_of(table, "acme"), "shopify");
  table.apply({removed("acme", 6)});
  EXPECT_EQ(scheme_of(table, "acme"), "none");
  EXPECT_EQ(table.current().size(), 0U);
  table.apply({put("acme", 5, "github")});
  EXPECT_EQ(scheme_of(table, "acme"), "none") << "an older change does not bring back what was deleted";
  table.apply({put("acme", 7, "github")});
  EXPECT_EQ(scheme_of(table, "acme"), "github");
}

TEST(SettingsTable, WhatIsReplacedIsGone) {
  Table table;
  table.replace({put("acme", 9), put("other", 9)});
  table.replace({put("other", 3, "stripe")});
  EXPECT_EQ(scheme_of(table, "acme"), "none");
  EXPECT_EQ(scheme_of(table, "other"), "stripe");
}

TEST(SettingsTable, OneThatCannotBeOpenedIsNotTakenForNone) {
  Table table;
  table.replace({put("acme", 1), {make_key<Partner>("acme"), State::unreadable, {}}});
  EXPECT_EQ(scheme_of(table, "acme"), "unreadable");
  EXPECT_EQ(table.current().setting_of("partner/acme").error().code, ErrorCode::corrupt);
  table.apply({put("acme", 1)});
  EXPECT_EQ(scheme_of(table, "acme"), "github") << "once it can be opened it is there again";
}

TEST(SettingsTable, AnEarlierChangeDoesNotFollowOneThatCannotBeOpened) {
  Table table;
  table.replace({put("acme", 5, "shopify")});
  table.apply({{make_key<Partner>("acme"), State::unreadable, {}}});
  EXPECT_EQ(scheme_of(table, "acme"), "unreadable");
  table.apply({put("acme", 4, "github")});
  EXPECT_EQ(scheme_of(table, "acme"), "unreadable") << "what it has replaced must not come back";
  table.apply({put("acme", 5, "shopify")});
  EXPECT_EQ(scheme_of(table, "acme"), "shopify");
}

TEST(SettingsTable, WhatIsDamagedSaysNothingWhereSomethingIsKnown) {
  Table table;
  const Change damaged{make_key<Partner>("acme"), State::damaged, {}};
  table.replace({damaged});
  EXPECT_EQ(scheme_of(table, "acme"), "unreadable");
  table.apply({put("acme", 5)});
  table.apply({damaged});
  EXPECT_EQ(scheme_of(table, "acme"), "github");
  table.apply({removed("acme", 6), damaged});
  EXPECT_EQ(scheme_of(table, "acme"), "none");
}

TEST(SettingsTable, WhoeverIsToldSomethingElseThanWhatHoldsIsMisled) {
  using Keys = std::vector<std::string>;
  const Keys acme{"partner/acme"}, nobody{};
  Table table;
  table.replace({put("acme", 5), put("other", 1), put("acme", 4)});
  EXPECT_EQ(scheme_of(table, "acme"), "github");
  EXPECT_EQ(table.misled(), acme) << "told out of order";
  table.apply({put("other", 2)});
  EXPECT_EQ(table.misled(), acme);
  table.apply({put("acme", 5)});
  EXPECT_EQ(table.misled(), nobody) << "told again";
  table.apply({{make_key<Partner>("acme"), State::damaged, {}}});
  EXPECT_EQ(table.misled(), acme);
  table.apply({put("acme", 5), {make_key<Partner>("acme"), State::unreadable, {}}});
  EXPECT_EQ(table.misled(), acme);
  table.replace({put("acme", 5)});
  EXPECT_EQ(table.misled(), nobody);
}

TEST(SettingsTable, WhatIsLostIsNeitherThereNorGone) {
  Table table;
  table.replace({put("acme", 5), put("kept", 1), put("gone", 1), removed("gone", 2)});
  Draft draft;
  draft.make(put("kept", 1));
  EXPECT_EQ(draft.keep_lost(table.current()), 2U);
  table.replace_with(std::move(draft));
  EXPECT_EQ(scheme_of(table, "acme"), "unreadable");
  EXPECT_EQ(scheme_of(table, "kept"), "github");
  EXPECT_EQ(scheme_of(table, "gone"), "none");
  EXPECT_EQ(table.misled(), (std::vector<std::string>{"partner/acme", "partner/gone"}));
  table.apply({put("gone", 1)});
  EXPECT_EQ(scheme_of(table, "gone"), "none") << "it was deleted later";
}

TEST(SettingsTable, AKindOfALaterVersionIsPassedOver) {
  Table table;
  table.replace({{"moon/1", State::there, {{1}, Ban{}}}, put("acme", 1)});
  EXPECT_EQ(table.current().size(), 1U);
}

TEST(SettingsTable, ASnapshotThatIsHeldDoesNotChange) {
  Table table;
  table.replace({put("acme", 1)});
  const Snapshot& before = table.current();
  std::thread([&] { table.apply({put("acme", 2, "shopify")}); }).join();
  EXPECT_EQ(before.find<Partner>("acme")->value->scheme, "github");
  EXPECT_EQ(scheme_of(table, "acme"), "shopify");
}

TEST(SettingsTable, TwoTablesOfOneThreadAreKeptApart) {
  Table one, two;
  one.replace({put("acme", 1, "github")});
  two.replace({put("acme", 1, "shopify")});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(scheme_of(one, "acme"), "github");
    EXPECT_EQ(scheme_of(two, "acme"), "shopify");
  }
}

TEST(SettingsTable, WaitsForARevision) {
  Table table;
  table.replace({put("acme", 1)});
  EXPECT_TRUE(table.wait_for("partner/acme", {1}, Milliseconds{0}));
  EXPECT_FALSE(table.wait_for("partner/acme", {2}, Milliseconds{1}));
  std::thread writer([&] { table.apply({removed("acme", 3)}); });
  EXPECT_TRUE(table.wait_for("partner/acme", {2}, Milliseconds{30'000}));
  writer.join();
}

TEST(SettingsTable, ReadersSeeWholeChangesWhileOthersAreMade) {
  Table table;
  table.replace({put("a", 1, "1"), put("b", 1, "1")});
  std::atomic<bool> over{false};
  std::atomic<int> torn{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      while (!over) {
        const Snapshot& now = table.current();
        if (now.find<Partner>("a")->value->scheme != now.find<Partner>("b")->value->scheme) ++torn;
      }
    });
  for (int revision = 2; revision < 500; ++revision) {
    const std::string text = std::to_string(revision);
    table.apply({put("a", revision, text), put("b", revision, text)});
  }
  over = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(scheme_of(table, "a"), "499");
}

}  // namespace
}  // namespace penstock::registry
