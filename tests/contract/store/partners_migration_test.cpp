// A store of schema 4 with subscriptions is brought forward: they are the default org's, under the keys they had, and
// are listed and changed as before.
#include <gmock/gmock.h>

#include "schemas/embedded.h"
#include "tests/contract/store/harness.h"
#include "workers/domain/state/subscription_rows.h"
#include "workers/domain/state/tables.h"

namespace penstock {
namespace {

using testing::ElementsAre;

class PartnersMigration : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    make_old_schema();
    for (const std::string scope : {"live", "test", "live/acct_1"}) insert(scope);
    harness_->execute(script_);
    store_ = harness_->open();
    const auto migrated = store_->migrate();
    ASSERT_TRUE(migrated) << migrated.error().detail;
    ASSERT_TRUE(store_->ready());
  }

  bool is_postgres() const { return GetParam() == "postgres"; }
  std::string time(int seconds) const {
    return is_postgres() ? "to_timestamp(" + std::to_string(seconds) + ")" : std::to_string(seconds * 1000);
  }

  void make_old_schema() {
    const auto files = is_postgres() ? schemas::postgres_migrations() : schemas::sqlite_migrations();
    script_ += is_postgres() ? "CREATE TABLE penstock_schema (version bigint PRIMARY KEY, "
                               "applied_at timestamptz NOT NULL DEFAULT now());\n"
                             : "CREATE TABLE penstock_schema (version INTEGER PRIMARY KEY, "
                               "applied_at INTEGER NOT NULL) STRICT;\n";
    int version = 0;
    for (const auto file : files.first(4)) {
      script_.append(file).append(";\n");
      script_ += "INSERT INTO penstock_schema VALUES (" + std::to_string(++version) + ", " + time(0) + ");\n";
    }
  }

  void insert(const std::string& scope) {
    const std::string account = scope == "live/acct_1" ? "'acct_1'" : "NULL";
    script_ +=
        "INSERT INTO subscriptions (key, id, account, livemode, status, plan, cancel_at_period_end, trusted, "
        "events, rev, created_at, updated_at, updated_by) VALUES ('" +
        scope + ":sub_1', 'sub_1', " + account + ", " + (scope == "test" ? "false" : "true") +
        ", 'active', 'price_1', false, true, '" +
        R"({"created":"2025-01-01T00:00:00Z","terminal":false,"crowded":false,"contenders":[]})" + "', 3, " +
        time(10) + ", " + time(20) + ", 'stripe:evt_1');\n";
  }

  std::unique_ptr<StoreHarness> harness_ = make_harness(GetParam());
  std::unique_ptr<StoreAdapter> store_;
  std::string script_;
};
PENSTOCK_EVERY_STORE(PartnersMigration);

TEST_P(PartnersMigration, SubscriptionsAreTheDefaultOrgsUnderTheKeysTheyHad) {
  for (const Scope& scope : {Scope{true}, Scope{false}, Scope{true, "acct_1"}}) {
    const auto rows = read(*store_, table_of<Subscription>(), {scope.key("sub_1")});
    ASSERT_EQ(rows.size(), 1U) << scope.name();
    EXPECT_EQ(rows.front().rev, 3);
    const auto row = from_cells<Subscription>(rows.front().cells);
    ASSERT_TRUE(row);
    EXPECT_EQ(scope_of(*row), scope);
    EXPECT_EQ(row->plan, "price_1");
    EXPECT_EQ(row->parts, std::nullopt);
  }
}

TEST_P(PartnersMigration, SubscriptionsAreListedByTheirOrg) {
  const auto keys = [&](ListQuery query) {
    std::vector<std::string> found;
    const auto rows = store_->list(table_of<Subscription>(), query);
    EXPECT_TRUE(rows) << rows.error().detail;
    for (const auto& row : rows.value()) found.push_back(std::get<std::string>(row.cells.front()));
    return found;
  };
  EXPECT_THAT(keys({.only = kOfDefaultOrg}), ElementsAre("test:sub_1", "live:sub_1", "live/acct_1:sub_1"));
  const auto acme = make_row<Subscription>({.livemode = true, .org = "acme"}, "sub_1");
  ASSERT_TRUE(commit(*store_, {{&table_of<Subscription>(), {Row{to_cells(acme), 0, {}}}}}));
  EXPECT_THAT(keys({.filters = {{"org", std::string("acme")}}}), ElementsAre("live@acme:sub_1"));
  EXPECT_EQ(keys({.only = kOfDefaultOrg}).size(), 3U);
}

}  // namespace
}  // namespace penstock
