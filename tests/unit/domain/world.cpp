#include "tests/unit/domain/world.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>
#include <set>

namespace penstock::testing {
namespace {

constexpr int kReadWavesMax = 100;

// Columns that tell how it happened here.
bool is_history(std::string_view column) {
  return column == "fulfilled_by" || column == "event" || column == "deposited";
}

std::string spell(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return std::to_string(*integer);
  if (const auto* boolean = std::get_if<bool>(&cell)) return *boolean ? "true" : "false";
  return "null";
}

std::string spell(const Table& table, const Row& row, bool with_history) {
  std::string text;
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    if (with_history || !is_history(table.columns[i].name))
      text.append(table.columns[i].name).append("=").append(spell(row.cells[i])).append(" ");
  return text;
}

}  // namespace

void World::load_closure(View& view, const std::function<void(Reads&)>& name_reads) const {
  for (int wave = 0; wave < kReadWavesMax; ++wave) {
    Reads reads(view);
    name_reads(reads);
    if (reads.empty()) return;
    const auto asked = std::move(reads).by_table();
    std::vector<TableRows> answered;
    for (const auto& keys : asked) {
      TableRows rows{keys.table, {}};
      const auto table = tables_.find(std::string(keys.table->name));
      for (const auto& key : keys.keys)
        if (table != tables_.end() && table->second.contains(key)) rows.rows.push_back(table->second.at(key));
      answered.push_back(std::move(rows));
    }
    CHECK(view.take(asked, answered).has_value());
  }
  ADD_FAILURE() << "rows name one another without end";
}

View World::view_of(const std::function<void(const View&, Reads&)>& name_reads) const {
  View view;
  load_closure(view, [&](Reads& reads) { name_reads(view, reads); });
  return view;
}

Outcome World::decide_one(View& view, const SaidEvent& event) {
  reason_.reset();
  error_.clear();
  touched_.clear();
  const auto park = [&](const Error& error) {
    error_ = error.detail;
    return Outcome::parked;
  };
  if (!event.facts) return park(event.facts.error());
  load_closure(view, [&](Reads& reads) { name_reads(view, event.facts.value(), reads); });
  const auto effects = decide(view, event.facts.value(), policy_);
  if (!effects) return park(effects.error());
  view.apply(effects.value(), event.key);
  reason_ = effects.value().reason;
  touched_ = effects.value().touched;
  return effects.value().outcome;
}

std::vector<Outcome> World::run_batch(const std::vector<Event>& events) {
  std::vector<SaidEvent> said;
  for (const auto& event : events) said.push_back({event.meta.key, stripe::understand(event)});
  return run_said(said);
}

std::vector<Outcome> World::run_said(const std::vector<SaidEvent>& events) {
  View view;
  // As the worker does: first all that the events name themselves, so that each
  // also meets rows loaded for others.
  load_closure(view, [&](Reads& reads) {
    for (const auto& event : events)
      if (event.facts) name_reads(view, event.facts.value(), reads);
  });
  std::vector<Outcome> outcomes;
  for (const auto& event : events) {
    const auto known = inbox_.find(event.key);
    outcomes.push_back(known != inbox_.end() ? Outcome::duplicate : decide_one(view, event));
    inbox_.try_emplace(event.key, outcomes.back());
  }
  write(std::move(view));
  return outcomes;
}

Result<Effects> World::carry_out(const EventKey& by,
                                 const std::function<void(const View&, Reads&)>& name_reads,
                                 const std::function<Result<Effects>(const View&)>& decide) {
  View view = view_of(name_reads);
  auto effects = decide(view);
  if (!effects) return effects;
  view.apply(effects.value(), by);
  write(std::move(view));
  return effects;
}

void World::write(View view) {
  const auto written = std::move(view).write_changes(Timestamp{}, [&](const TableRows& table) {
    write(table);
    return ok();
  });
  EXPECT_TRUE(written);
}

void World::write(const TableRows& table) {
  Rows& rows = tables_[std::string(table.table->name)];
  table_by_name_[std::string(table.table->name)] = table.table;
  for (const auto& row : table.rows) {
    const auto& key = std::get<std::string>(row.cells[0]);
    const auto known = rows.find(key);
    if (table.table->mode == WriteMode::insert_once && known != rows.end()) continue;
    if (table.table->mode == WriteMode::insert_new) {
      EXPECT_TRUE(known == rows.end()) << table.table->name << " has " << key << " already";
    } else if (table.table->mode == WriteMode::guarded) {
      EXPECT_EQ(row.rev, known == rows.end() ? 0 : known->second.rev) << table.table->name << " " << key;
    }
    rows[key] = row;
    ++rows[key].rev;
  }
}

std::map<std::string, std::string> World::state() const {
  const std::set<std::string> history = {"ledger_entries", "outbox", "alerts", "awaited_payments"};
  std::map<std::string, std::string> state;
  for (const auto& [name, rows] : tables_) {
    if (history.contains(name)) continue;
    for (const auto& [key, row] : rows) state[name + "/" + key] = spell(*table_by_name_.at(name), row, false);
  }
  for (const auto& wallet : all<Wallet>())
    if (wallet.deposits == 0) state.erase("wallets/" + wallet.id);
  return state;
}

std::vector<std::pair<const Table*, Row>> World::stored() const {
  std::vector<std::pair<const Table*, Row>> stored;
  for (const auto& [name, rows] : tables_)
    for (const auto& [key, row] : rows) stored.emplace_back(table_by_name_.at(name), row);
  return stored;
}

std::map<std::string, std::string> World::rows() const {
  std::map<std::string, std::string> texts;
  for (const auto& [name, rows] : tables_)
    for (const auto& [key, row] : rows) texts[name + "/" + key] = spell(*table_by_name_.at(name), row, true);
  return texts;
}

void World::expect_balanced() const {
  std::map<std::string, std::uint64_t> by_posting;  // unsigned: no partial sum overflows
  std::map<std::string, std::uint64_t> by_account;
  for (const auto& entry : all<LedgerEntry>()) {
    const auto amount = static_cast<std::uint64_t>(entry.amount.value);
    by_posting[entry.effect_key + " " + entry.currency + (entry.livemode ? " live" : " test")] += amount;
    by_account[entry.account] += amount;
  }
  for (const auto& [posting, sum] : by_posting) EXPECT_EQ(sum, 0U) << posting;
  for (const auto& wallet : all<Wallet>()) {
    EXPECT_EQ(by_account["wallet:" + wallet.id], static_cast<std::uint64_t>(wallet.balance.value))
        << wallet.id;
    EXPECT_TRUE(wallet.deposits != 0 || wallet.balance.value == 0) << wallet.id;
  }
}

std::uint64_t test_seed() {
  static const std::uint64_t seed = [] {
    const char* given = std::getenv("PENSTOCK_TEST_SEED");
    const std::uint64_t chosen =
        given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::cout << "PENSTOCK_TEST_SEED=" << chosen << std::endl;
    return chosen;
  }();
  return seed;
}

}  // namespace penstock::testing
