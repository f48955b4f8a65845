#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "tests/contract/store/harness.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class StoreLists : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    // Few distinct times, so that pages end within equal ones.
    std::vector<Row> rows;
    for (int i = 0; i < 57; ++i) {
      Row row = make_item("k" + std::to_string(i), i % 3);
      row.cells[1] = i % 2 == 0 ? Cell{std::string("even")} : Cell{};
      row.cells[3] = i % 5 == 0;
      row.stamp.created_at = timestamp_from_unix_ms(1000 + i % 4);
      rows.push_back(row);
    }
    expected_ = rows;
    std::shuffle(rows.begin(), rows.end(), std::mt19937{1});
    ASSERT_TRUE(commit(*store_, {{&items_table(), rows}}));
    std::sort(expected_.begin(), expected_.end(), [](const Row& a, const Row& b) {
      return std::tuple(a.stamp.created_at, key(a)) > std::tuple(b.stamp.created_at, key(b));
    });
  }

  static std::string key(const Row& row) { return std::get<std::string>(row.cells[0]); }

  std::vector<std::string> keys(const ListQuery& query) {
    const auto rows = store_->list(items_table(), query);
    EXPECT_TRUE(rows) << rows.error().detail;
    std::vector<std::string> keys;
    for (const auto& row : rows.value()) keys.push_back(key(row));
    return keys;
  }

  template <class Matches>
  std::vector<std::string> expected(Matches&& matches) const {
    std::vector<std::string> keys;
    for (const auto& row : expected_)
      if (matches(row)) keys.push_back(key(row));
    return keys;
  }

  std::vector<Row> expected_;
};
PENSTOCK_EVERY_STORE(StoreLists);

TEST_P(StoreLists, PagesFollowEachOtherWithoutGapsOrRepeats) {
  std::vector<std::string> seen;
  ListQuery query{.limit = 7};
  for (auto rows = store_->list(items_table(), query).value(); !rows.empty();
       rows = store_->list(items_table(), query).value()) {
    EXPECT_LE(rows.size(), 7u);
    for (const auto& row : rows) seen.push_back(key(row));
    query.after = {rows.back().stamp.created_at, key(rows.back())};
  }
  EXPECT_EQ(seen, expected([](const Row&) { return true; }));
}

TEST_P(StoreLists, FiltersHoldTogether) {
  const ListQuery query{
      .filters = {{"offset", std::string("even")}, {"amount", std::int64_t{1}}, {"active", false}},
      .limit = 500};
  EXPECT_EQ(keys(query), expected([](const Row& row) {
              return row.cells[1] == Cell{std::string("even")} && amount_of(row) == 1 &&
                     row.cells[3] == Cell{false};
            }));
}

TEST_P(StoreLists, AFilterCanAskForNull) {
  const ListQuery query{.filters = {{"offset", Cell{}}}, .limit = 500};
  EXPECT_EQ(keys(query), expected([](const Row& row) { return row.cells[1] == Cell{}; }));
}

TEST_P(StoreLists, SinceIsInclusiveAndUntilIsNot) {
  const auto at = [](int ms) { return timestamp_from_unix_ms(ms); };
  EXPECT_EQ(keys({.since = at(1001), .until = at(1003), .limit = 500}), expected([&](const Row& row) {
              return row.stamp.created_at >= at(1001) && row.stamp.created_at < at(1003);
            }));
  EXPECT_THAT(keys({.since = at(1004)}), IsEmpty());
}

TEST_P(StoreLists, ValuesAreNeverSql) {
  EXPECT_THAT(keys({.filters = {{"offset", std::string("' OR 1=1 --")}}}), IsEmpty());
}

TEST_P(StoreLists, AFilterThatMakesNoSenseIsInvalid) {
  const std::vector<ColumnFilter> senseless = {{"nosuch", std::int64_t{1}},
                                               {"id = id OR id", std::string("x")},
                                               {"data", std::string("{}")},
                                               {"amount", std::string("1")},
                                               {"active", std::int64_t{1}}};
  for (const auto& filter : senseless) {
    const auto rows = store_->list(items_table(), {.filters = {filter}});
    ASSERT_FALSE(rows) << filter.column;
    EXPECT_EQ(rows.error().code, ErrorCode::invalid) << filter.column;
  }
}

TEST_P(StoreLists, AListMayBeOrderedByATimeOfTheTable) {
  static constexpr Column kColumns[] = {
      {"id", ColumnType::text},        {"offset", ColumnType::text},        {"amount", ColumnType::integer},
      {"active", ColumnType::boolean}, {"happened", ColumnType::timestamp}, {"data", ColumnType::json}};
  static constexpr Table kByHappened{.name = "items", .columns = kColumns, .newest_first = "happened"};
  Row last = make_item("k3", 0, 1);
  last.cells[4] = to_unix_ms(timestamp_from_unix_ms(4'000'000'000'000));
  Row undated = make_item("k4", 0, 1);
  undated.cells[4] = Cell{};
  ASSERT_TRUE(commit(*store_, {{&items_table(), {last, undated}}}));
  const auto rows = store_->list(kByHappened, {.limit = 500}).value();
  ASSERT_EQ(rows.size(), 56u) << "a row without that time is not listed";
  EXPECT_EQ(key(rows[0]), "k3");
}

}  // namespace
}  // namespace penstock
