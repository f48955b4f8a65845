#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <thread>

#include "tests/contract/store/harness.h"
#include "workers/domain/state/connect_rows.h"

namespace penstock {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

using StoreBatches = StoreContract;
PENSTOCK_EVERY_STORE(StoreBatches);

constexpr std::int64_t kYear1 = -62'135'596'800'000;
constexpr std::int64_t kYear9999End = 253'402'300'799'999;

TEST_P(StoreBatches, WhatIsCommittedIsRead) {
  const Row item = make_item("a", 5);
  ASSERT_TRUE(commit(*store_, {{&items_table(), {item}}}));
  const auto rows = read(*store_, items_table(), {"a", "absent"});
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].cells, item.cells);
  EXPECT_EQ(rows[0].rev, 1);
  EXPECT_EQ(rows[0].stamp.created_at, item.stamp.created_at);
  EXPECT_EQ(rows[0].stamp.updated_at, item.stamp.updated_at);
  EXPECT_EQ(rows[0].stamp.updated_by, "stripe:evt_1");
}

TEST_P(StoreBatches, LoadAnswersEachTableWithTheRowsThatExist) {
  ASSERT_TRUE(commit(*store_, {{&items_table(), {make_item("a", 1), make_item("b", 2)}},
                               {&notes_table(), {make_note("n", "text")}}}));
  const auto batch = std::move(store_->begin()).value();
  const std::vector<TableKeys> wanted = {
      {&notes_table(), {"n", "absent"}}, {&items_table(), {"b", "absent", "b"}}, {&facts_table(), {}}};
  const auto answers = batch->load(wanted);
  ASSERT_TRUE(answers) << answers.error().detail;
  ASSERT_THAT(answers.value(), SizeIs(3));
  EXPECT_EQ(answers.value()[0].table, &notes_table());
  EXPECT_EQ(text_of(answers.value()[0].rows.at(0)), "text");
  ASSERT_THAT(answers.value()[1].rows, SizeIs(1));
  EXPECT_EQ(amount_of(answers.value()[1].rows[0]), 2);
  EXPECT_THAT(answers.value()[2].rows, IsEmpty());
}

TEST_P(StoreBatches, WithoutCommitNothingRemains) {
  {
    const auto batch = std::move(store_->begin()).value();
    const std::vector<TableKeys> wanted = {{&items_table(), {"a"}}};
    ASSERT_TRUE(batch->load(wanted));
  }
  EXPECT_THAT(read(*store_, items_table(), {"a"}), IsEmpty());
  EXPECT_TRUE(commit(*store_, {{&items_table(), {make_item("a", 1)}}})) << "the connection is free again";
}

TEST_P(StoreBatches, WhatIsWrittenButNotCommittedDoesNotRemain) {
  ASSERT_TRUE(std::move(store_->begin()).value()->write({&items_table(), {make_item("a", 1)}}));
  EXPECT_THAT(read(*store_, items_table(), {"a"}), IsEmpty());
  EXPECT_TRUE(commit(*store_, {{&items_table(), {make_item("a", 2)}}})) << "the connection is free again";
  EXPECT_EQ(amount_of(read(*store_, items_table(), {"a"}).at(0)), 2);
}

TEST_P(StoreBatches, AnErrorInOneTableTakesBackWhatWasWrittenOfOthers) {
  Row bad = make_item("bad", 1);
  bad.cells.pop_back();
  for (int time = 0; time < 2; ++time) {  // statements are prepared the first time
    const auto batch = std::move(store_->begin()).value();
    ASSERT_TRUE(batch->write({&notes_table(), {make_note("n", "text")}}));
    const auto written = batch->write({&items_table(), {bad}});
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::invalid);
  }
  EXPECT_THAT(read(*store_, notes_table(), {"n"}), IsEmpty());
  EXPECT_TRUE(
      commit(*store_, {{&notes_table(), {make_note("n", "text")}}, {&items_table(), {make_item("a", 1)}}}));
}

TEST_P(StoreBatches, AnEmptyCommitIsFine) { EXPECT_TRUE(commit(*store_, {})); }

TEST_P(StoreBatches, AnUpdateKeepsTheCreationAndCountsTheRevUp) {
  ASSERT_TRUE(commit(*store_, {{&items_table(), {make_item("a", 1)}}}));
  Row changed = make_item("a", 2, 1);
  changed.stamp = {Timestamp{}, timestamp_from_unix_ms(77), "stripe:evt_2"};
  ASSERT_TRUE(commit(*store_, {{&items_table(), {changed}}}));
  const Row stored = read(*store_, items_table(), {"a"}).at(0);
  EXPECT_EQ(amount_of(stored), 2);
  EXPECT_EQ(stored.rev, 2);
  EXPECT_EQ(stored.stamp.created_at, make_item("a", 1).stamp.created_at);
  EXPECT_EQ(stored.stamp.updated_at, timestamp_from_unix_ms(77));
  EXPECT_EQ(stored.stamp.updated_by, "stripe:evt_2");
}

TEST_P(StoreBatches, AStaleRevIsAConflictAndNothingIsWritten) {
  ASSERT_TRUE(commit(*store_, {{&items_table(), {make_item("a", 1)}}}));
  for (const std::int64_t stale : {0, 2, 7}) {
    const auto status = commit(*store_, {{&notes_table(), {make_note("n", "text")}},
                                         {&items_table(), {make_item("a", 9, stale), make_item("b", 9)}}});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::conflict);
  }
  EXPECT_EQ(amount_of(read(*store_, items_table(), {"a", "b"}).at(0)), 1);
  EXPECT_THAT(read(*store_, notes_table(), {"n"}), IsEmpty());
}

TEST_P(StoreBatches, InsertOnceKeepsTheFirst) {
  ASSERT_TRUE(commit(*store_, {{&notes_table(), {make_note("n", "first")}}}));
  ASSERT_TRUE(commit(
      *store_,
      {{&notes_table(), {make_note("m", "first"), make_note("n", "second"), make_note("m", "second")}}}));
  for (const auto& row : read(*store_, notes_table(), {"m", "n"})) EXPECT_EQ(text_of(row), "first");
}

TEST_P(StoreBatches, InsertNewRefusesAKnownKey) {
  ASSERT_TRUE(commit(*store_, {{&facts_table(), {make_note("f", "first")}}}));
  const auto status = commit(*store_, {{&facts_table(), {make_note("e", "x"), make_note("f", "second")}}});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::conflict);
  const auto rows = read(*store_, facts_table(), {"e", "f"});
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(text_of(rows[0]), "first");
}

TEST_P(StoreBatches, AmendingSetsColumnsOfRowsThatAreThereAndNoOther) {
  static constexpr Column kColumns[] = {{"id", ColumnType::text}, {"note", ColumnType::text}};
  static constexpr Table kAmended{"notes", kColumns, WriteMode::amend};
  const Row first = make_note("n", "first");
  ASSERT_TRUE(commit(*store_, {{&notes_table(), {first, make_note("other", "kept")}}}));
  for (const char* text : {"second", "third"}) {
    ASSERT_TRUE(commit(*store_, {{&kAmended, {make_note("n", text), make_note("absent", text)}}}));
    const auto rows = read(*store_, notes_table(), {"n", "absent", "other"});
    ASSERT_THAT(rows, SizeIs(2));
    EXPECT_EQ(text_of(rows[0]), text);
    EXPECT_EQ(rows[0].stamp.created_at, first.stamp.created_at);
    EXPECT_EQ(text_of(rows[1]), "kept");
  }
  EXPECT_FALSE(commit(*store_, {{&kAmended, {make_note("n", "a"), make_note("n", "b")}}})) << "one key twice";
}

TEST_P(StoreBatches, RowsThatNobodyHasLockedAreFree) {
  ASSERT_TRUE(commit(*store_, {{&items_table(), {make_item("a", 1), make_item("b", 2)}}}));
  const auto batch = std::move(store_->begin()).value();
  const std::vector<TableKeys> wanted = {{&items_table(), {"a", "b", "absent"}, true}};
  const auto answers = batch->load(wanted);
  ASSERT_TRUE(answers) << answers.error().detail;
  EXPECT_THAT(answers.value()[0].rows, SizeIs(2));
}

TEST_P(StoreBatches, EveryValueComesBackAsItWas) {
  const std::string big = "[\"" + std::string(300'000, 'x') + "\"]";
  std::vector<Row> rows = {make_item("", 0), make_item("naïve ☃ 𝄞 'quoted' \"twice\" \\ {},NULL", 0),
                           make_item("null", 0), make_item("most", std::numeric_limits<std::int64_t>::max()),
                           make_item("least", std::numeric_limits<std::int64_t>::min())};
  rows[0].cells = {std::string(), std::string(), std::int64_t{0},
                   false,         kYear1,        std::string("{ \"b\": 1, \"a\":2 }")};
  rows[2].cells = {std::string("null"), Cell{}, Cell{}, Cell{}, Cell{}, Cell{}};
  rows[3].cells[4] = kYear9999End;
  rows[3].cells[5] = big;
  rows[4].cells[4] = std::int64_t{-1};
  rows[4].stamp = {timestamp_from_unix_ms(kYear1), timestamp_from_unix_ms(kYear9999End), ""};
  ASSERT_TRUE(commit(*store_, {{&items_table(), rows}}));
  for (const auto& row : rows) {
    const auto stored = read(*store_, items_table(), {std::get<std::string>(row.cells[0])});
    ASSERT_THAT(stored, SizeIs(1));
    EXPECT_EQ(stored[0].cells, row.cells);
    EXPECT_EQ(stored[0].stamp.created_at, row.stamp.created_at);
    EXPECT_EQ(stored[0].stamp.updated_at, row.stamp.updated_at);
  }
}

TEST_P(StoreBatches, FiveHundredRowsAreInsertedLoadedAndUpdatedAtOnce) {
  std::vector<Row> rows;
  std::vector<std::string> keys;
  for (int i = 0; i < 500; ++i) {
    keys.push_back("key" + std::to_string(i * 7919 % 500));
    rows.push_back(make_item(keys.back(), i));
  }
  ASSERT_TRUE(commit(*store_, {{&items_table(), rows}}));
  {
    const auto batch = std::move(store_->begin()).value();
    const std::vector<TableKeys> wanted = {{&items_table(), keys}};
    auto loaded = std::move(batch->load(wanted)).value();
    ASSERT_THAT(loaded[0].rows, SizeIs(500));
    for (auto& row : loaded[0].rows) row.cells[2] = amount_of(row) + 1;
    ASSERT_TRUE(batch->commit(loaded));
  }
  std::int64_t sum = 0;
  for (const auto& row : read(*store_, items_table(), keys)) sum += amount_of(row);
  EXPECT_EQ(sum, 499 * 500 / 2 + 500);
}

TEST_P(StoreBatches, ARowThatCannotBeStoredIsInvalidAndNothingIsWritten) {
  const auto with = [](std::size_t column, Cell cell) {
    Row row = make_item("bad", 1);
    row.cells[column] = std::move(cell);
    return row;
  };
  Row short_row = make_item("bad", 1);
  short_row.cells.pop_back();
  const std::vector<std::pair<std::string, Row>> bad_rows = {
      {"not json", with(5, std::string("{"))},
      {"NUL in text", with(1, std::string("a\0b", 3))},
      {"not UTF-8", with(1, std::string("\xC3("))},
      {"surrogate", with(1, std::string("\xED\xA0\x80"))},
      {"overlong", with(1, std::string("\xC0\xAF"))},
      {"text for an integer", with(2, std::string("1"))},
      {"integer for text", with(1, std::int64_t{1})},
      {"no key", with(0, Cell{})},
      {"year 10000", with(4, kYear9999End + 1)},
      {"year 0", with(4, kYear1 - 1)},
      {"a cell too few", short_row}};
  for (const auto& [what, row] : bad_rows) {
    const auto status = commit(*store_, {{&items_table(), {make_item("good", 1), row}}});
    ASSERT_FALSE(status) << what;
    EXPECT_EQ(status.error().code, ErrorCode::invalid) << what << ": " << status.error().detail;
    EXPECT_THAT(read(*store_, items_table(), {"good", "bad"}), IsEmpty()) << what;
  }
}

TEST_P(StoreBatches, ARowThatHasGrownBeyondWhatAnEventMayHoldIsReadBack) {
  SessionPayment payment;
  payment.key = "live:sp_1";
  payment.payouts.resize(20'000);
  for (auto& payout : payment.payouts) payout.amount = MinorUnits{5};
  payment.payouts[0].id = std::string(600 * 1024, 'p');
  const Row row{to_cells(payment), 0, {Timestamp{}, Timestamp{}, "stripe:evt_1"}};
  const auto status = commit(*store_, {{&table_of<SessionPayment>(), {row}}});
  ASSERT_TRUE(status) << status.error().detail;
  const auto stored = read(*store_, table_of<SessionPayment>(), {payment.key});
  ASSERT_THAT(stored, SizeIs(1));
  EXPECT_TRUE(from_cells<SessionPayment>(stored[0].cells) == payment);
}

TEST_P(StoreBatches, ARowOf64MiBIsTheLargest) {
  Row row = make_item("a", 1);
  auto& text = std::get<std::string>(row.cells[1]);
  std::size_t others = row.stamp.updated_by.size();
  for (const std::size_t column : {std::size_t{0}, std::size_t{5}})
    others += std::get<std::string>(row.cells[column]).size();
  text.assign((64 << 20) - others, 'x');
  const auto largest = commit(*store_, {{&items_table(), {row}}});
  EXPECT_TRUE(largest) << largest.error().detail;
  text += 'x';
  std::get<std::string>(row.cells[0]) = "b";
  const auto larger = commit(*store_, {{&items_table(), {row}}});
  ASSERT_FALSE(larger);
  EXPECT_EQ(larger.error().code, ErrorCode::invalid) << larger.error().detail;
}

TEST_P(StoreBatches, OneKeyTwiceInABatchIsInvalid) {
  const auto status = commit(*store_, {{&items_table(), {make_item("a", 1), make_item("a", 2)}}});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::invalid);
}

Status increment(Store& store) {
  TRY(auto batch, store.begin());
  const std::vector<TableKeys> wanted = {{&items_table(), {"counter"}}};
  TRY(auto loaded, batch->load(wanted));
  if (loaded[0].rows.empty()) loaded[0].rows.push_back(make_item("counter", 0));
  Row& counter = loaded[0].rows.front();
  counter.cells[2] = amount_of(counter) + 1;
  return batch->commit(loaded);
}

TEST_P(StoreBatches, ConcurrentChangesOfOneRowAllCount) {
  constexpr int kThreads = 4, kChanges = 25;
  std::vector<std::thread> threads;
  std::vector<std::string> problems(kThreads);
  for (auto& problem : problems) {
    threads.emplace_back([&] {
      for (int done = 0; done < kChanges && problem.empty();) {
        const auto status = increment(*store_);
        if (status)
          ++done;
        else if (status.error().code != ErrorCode::conflict)
          problem = status.error().detail;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& problem : problems) EXPECT_EQ(problem, "");
  EXPECT_EQ(amount_of(read(*store_, items_table(), {"counter"}).at(0)), kThreads * kChanges);
}

TEST_P(StoreBatches, ATableThatIsNotThereIsAWrongSchema) {
  static constexpr Column kColumns[] = {{"id", ColumnType::text}};
  static constexpr Table kMissing{"missing", kColumns};
  const auto rows = store_->read(kMissing, std::vector<std::string>{"a"});
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, ErrorCode::wrong_schema);
}

}  // namespace
}  // namespace penstock
