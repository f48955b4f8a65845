#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>

#include "tests/contract/store/harness.h"
#include "workers/domain/state/view.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

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

TEST_P(StoreLists, SeveralAreAnsweredInTheOrderInWhichTheyWereAsked) {
  const std::vector<ListQuery> queries{{.limit = 3},
                                       {.filters = {{"offset", std::string("nobody's")}}},
                                       {.order = ListOrder::oldest_first, .limit = 100}};
  const auto lists = store_->lists(items_table(), queries).value();
  ASSERT_EQ(lists.size(), 3u);
  EXPECT_EQ(lists[0].size(), 3u);
  EXPECT_THAT(lists[1], IsEmpty());
  EXPECT_EQ(lists[2].size(), 57u);
  EXPECT_THAT(store_->lists(items_table(), {}).value(), IsEmpty());
  const std::vector<ListQuery> wrong{{}, {.filters = {{"no such column", std::string("x")}}}};
  EXPECT_EQ(store_->lists(items_table(), wrong).error().code, ErrorCode::invalid);
}

TEST_P(StoreLists, TheOldestComeFirstWhenAskedFor) {
  std::vector<std::string> seen;
  ListQuery query{.order = ListOrder::oldest_first, .limit = 7};
  for (auto rows = store_->list(items_table(), query).value(); !rows.empty();
       rows = store_->list(items_table(), query).value()) {
    for (const auto& row : rows) seen.push_back(key(row));
    query.after = {rows.back().stamp.created_at, key(rows.back())};
  }
  std::reverse(seen.begin(), seen.end());
  EXPECT_EQ(seen, expected([](const Row&) { return true; }));
}

TEST_P(StoreLists, APageMayBeginWithAPlaceInsteadOfBehindIt) {
  const auto all = expected([](const Row&) { return true; });
  const Row& third = expected_[2];
  ListQuery query{.limit = 2};
  query.after = {third.stamp.created_at, key(third), true};
  EXPECT_THAT(keys(query), ElementsAre(all[2], all[3]));
  query.after->inclusive = false;
  EXPECT_THAT(keys(query), ElementsAre(all[3], all[4]));
  query.order = ListOrder::oldest_first;
  EXPECT_THAT(keys(query), ElementsAre(all[1], all[0]));
  query.after->inclusive = true;
  EXPECT_THAT(keys(query), ElementsAre(all[2], all[1]));
}

TEST_P(StoreLists, WithoutAnOrderThereAreAsManyAndNoPlaceToBeginBehind) {
  const auto even = [](const Row& row) { return row.cells[1] == Cell{std::string("even")}; };
  ListQuery query{.filters = {{"offset", std::string("even")}}, .order = ListOrder::none, .limit = 500};
  EXPECT_THAT(keys(query), UnorderedElementsAreArray(expected(even)));
  query.limit = 3;
  EXPECT_EQ(keys(query).size(), 3U);
  query.after = {Timestamp{}, "k1"};
  const auto rows = store_->list(items_table(), query);
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, ErrorCode::invalid);
}

TEST_P(StoreLists, ASubsetThatNoIndexHasIsInvalid) {
  const auto rows = store_->list(items_table(), {.only = "1 = 1"});
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, ErrorCode::invalid);
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

TEST_P(StoreLists, AColumnCanBeAskedToHoldAValue) {
  const ListQuery query{.filters = {{"amount", std::int64_t{1}}}, .present = {"offset"}, .limit = 500};
  EXPECT_EQ(keys(query),
            expected([](const Row& row) { return amount_of(row) == 1 && row.cells[1] != Cell{}; }));
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
  const auto rows = store_->list(items_table(), {.present = {"nosuch"}});
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, ErrorCode::invalid);
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

// The inbox, whose lists go by indexes that hold only what is rare.
class IndexedLists : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    std::mt19937 random{1};
    const auto pick = [&](std::vector<std::string> words) {
      return words[std::uniform_int_distribution<std::size_t>(0, words.size() - 1)(random)];
    };
    TableRows inbox{&table_of<InboxRow>(), {}};
    for (int i = 0; i < 400; ++i) {
      InboxRow row;
      row.source = pick({"stripe", "stripe", "partner/acme", "org/o1"});
      row.key = make_event_key(row.source, "evt_" + std::to_string(i % 350));
      row.type = pick({"checkout.session.completed", "payment_intent.succeeded", "invoice.paid", "a'b", ""});
      from_string(pick({"applied", "applied", "stale", "parked"}), row.outcome);
      if (row.outcome == Outcome::parked) row.reason = pick({"not_json", "wrong_shape"});
      row.received_at = row.event_created =
          timestamp_from_unix_ms(1'000'000 + static_cast<int>(random() % 20));
      if (!known_.insert(row.key.value).second) continue;
      all_.push_back(row);
      inbox.rows.push_back({to_cells(row), 0, {row.received_at, row.received_at, row.key.value}});
    }
    ASSERT_TRUE(commit(*store_, {inbox}));
  }

  // What the query would answer, row by row.
  std::vector<std::string> expected(const ListQuery& query,
                                    const std::function<bool(const InboxRow&)>& holds) {
    using Place = std::pair<Timestamp, std::string>;
    std::vector<Place> places;
    for (const auto& row : all_) {
      const Place place{row.received_at, row.key.value};
      if (!holds(row) || (query.since && place.first < *query.since) ||
          (query.until && place.first >= *query.until))
        continue;
      if (query.after) {
        const Place after{query.after->at, query.after->key};
        const bool behind = query.order == ListOrder::newest_first ? place < after : place > after;
        if (!behind && !(query.after->inclusive && place == after)) continue;
      }
      places.push_back(place);
    }
    std::sort(places.begin(), places.end());
    if (query.order == ListOrder::newest_first) std::reverse(places.begin(), places.end());
    places.resize(std::min(places.size(), query.limit));
    std::vector<std::string> keys;
    for (const auto& place : places) keys.push_back(place.second);
    return keys;
  }

  std::vector<std::string> listed(const ListQuery& query) {
    const auto rows = store_->list(table_of<InboxRow>(), query);
    EXPECT_TRUE(rows) << rows.error().detail;
    std::vector<std::string> keys;
    for (const auto& row : rows.value()) keys.push_back(std::get<std::string>(row.cells[0]));
    return keys;
  }

  // The query with every combination of order and bounds.
  static std::vector<ListQuery> variants(ListQuery query) {
    const auto at = [](int ms) { return timestamp_from_unix_ms(1'000'000 + ms); };
    std::vector<ListQuery> variants;
    for (const auto order : {ListOrder::newest_first, ListOrder::oldest_first})
      for (const bool since : {false, true})
        for (const bool until : {false, true})
          for (const int after : {0, 2, 9, 17}) {
            query.order = order;
            query.since = since ? std::optional(at(4)) : std::nullopt;
            query.until = until ? std::optional(at(15)) : std::nullopt;
            query.after.reset();
            if (after > 0) query.after = ListQuery::After{at(after), "stripe:evt_2", after == 2};
            variants.push_back(query);
          }
    return variants;
  }

  std::vector<InboxRow> all_;
  std::set<std::string> known_;
};
PENSTOCK_EVERY_STORE(IndexedLists);

TEST_P(IndexedLists, AnswerWhatTryingEveryRowWould) {
  struct Case {
    ListQuery query;
    std::function<bool(const InboxRow&)> holds;
  };
  std::vector<Case> cases = {
      {{}, [](const InboxRow&) { return true; }},
      {{.filters = {{"reason", std::string("not_json")}}, .only = kParkedOnly},
       [](const InboxRow& row) { return row.reason == "not_json"; }},
      {{.filters = {{"type", std::string("invoice.paid")}, {"outcome", std::string("stale")}}},
       [](const InboxRow& row) { return row.type == "invoice.paid" && row.outcome == Outcome::stale; }}};
  for (const std::string type : {"checkout.session.completed", "invoice.paid", "a'b", "", "nosuch"})
    cases.push_back({{.filters = {{"type", type}}}, [=](const InboxRow& row) { return row.type == type; }});
  for (const std::string source : {"stripe", "partner/acme", "org/o1"})
    cases.push_back(
        {{.filters = {{"source", source}}}, [=](const InboxRow& row) { return row.source == source; }});
  for (const Outcome outcome : {Outcome::applied, Outcome::stale, Outcome::parked})
    cases.push_back({{.filters = {{"outcome", std::string(to_string(outcome))}}},
                     [=](const InboxRow& row) { return row.outcome == outcome; }});
  for (auto& [query, holds] : cases)
    for (std::size_t limit : {5U, 500U}) {
      query.limit = limit;
      for (const auto& variant : variants(query)) EXPECT_EQ(listed(variant), expected(variant, holds));
    }
}

// Whatever the database knows of the values: nothing, as after a migration, or that the value is frequent,
// and not that its rows are all old.
TEST_P(IndexedLists, ReadOnlyTheRowsTheyAnswer) {
  store_.reset();
  for (const bool analyzed : {false, true}) {
    if (analyzed && GetParam() == "postgres") harness_->execute("ANALYZE");
    for (const Table* table :
         {&table_of<InboxRow>(), &table_of<Alert>(), &table_of<CheckoutSession>(), &table_of<PaymentIntent>(),
          &table_of<Charge>(), &table_of<Fulfillment>(), &table_of<LedgerEntry>(), &table_of<Subscription>(),
          &table_of<ConnectedAccount>(), &table_of<Payout>()})
      for (const auto& index : table->indexes) {
        ListQuery query{.only = index.only};
        if (!index.column.empty()) query.filters = {{index.column, std::string("invoice.paid")}};
        for (const auto& variant : variants(query)) {
          const auto plan = harness_->plan(*table, variant);
          EXPECT_FALSE(plan.empty());
          for (const auto& step : plan)
            EXPECT_EQ(harness_->fault_of(step), "") << table->name << " by " << index.column << ": " << step;
        }
      }
  }
}

TEST_P(IndexedLists, TheScopesOfKeysAreFound) {
  const auto scopes = [&](std::size_t limit = 100) {
    return store_->key_scopes(table_of<InboxRow>(), limit).value();
  };
  EXPECT_THAT(scopes(), ElementsAre("org/o1", "partner/acme", "stripe"));
  EXPECT_THAT(scopes(2), ElementsAre("org/o1", "partner/acme"));

  TableRows more{&table_of<InboxRow>(), {}};
  for (const std::string key : {"a:1", "api/o:z:a:b", "no scope", "stripe2:1", "é:1"}) {
    InboxRow row;
    row.key = {key};
    row.received_at = row.event_created = Timestamp{};
    more.rows.push_back({to_cells(row), 0, {Timestamp{}, Timestamp{}, key}});
  }
  ASSERT_TRUE(commit(*store_, {more}));
  EXPECT_THAT(scopes(),
              ElementsAre("a", "api/o", "no scope", "org/o1", "partner/acme", "stripe2", "stripe", "é"));
}

TEST_P(StoreLists, AnEmptyTableHasNoScopes) {
  EXPECT_THAT(store_->key_scopes(table_of<InboxRow>(), 100).value(), IsEmpty());
}

}  // namespace
}  // namespace penstock
