// The store adapters under one suite: each test gets a fresh, migrated database of its adapter.
//
// PostgreSQL is the scratch database of PENSTOCK_TEST_POSTGRES (postgresql://…, its user owns it); each test
// has a schema of its own there. Without that variable the PostgreSQL cases fail.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/adapters/postgres/store.h"
#include "common/ports/store.h"

namespace penstock {

struct StoredColumn {
  std::string type;
  bool nullable = false;
  bool in_key = false;
  bool operator==(const StoredColumn&) const = default;
};

class StoreHarness {
 public:
  virtual ~StoreHarness() = default;
  virtual std::unique_ptr<StoreAdapter> open() = 0;
  // On the database itself; no store may be open.
  virtual void execute(const std::string& sql) = 0;
  virtual std::string type_name(ColumnType type) const = 0;
  // What the database itself says of its tables and their columns, by name.
  virtual std::set<std::string> tables() = 0;
  virtual std::map<std::string, StoredColumn> columns(std::string_view table) = 0;
  // Of each index of the table its definition, without its name. Those that keys have are left out.
  virtual std::map<std::string, std::string> indexes(std::string_view table) = 0;
  // How the database would carry out that list, in its own words, a step a line; no store may be open.
  virtual std::vector<std::string> plan(const Table& table, const ListQuery& query) = 0;
  // What is wrong with a step of a plan of a list that is to read no more rows
  // than it answers; empty if nothing.
  virtual std::string fault_of(const std::string& step) const = 0;

  void create_table(const Table& table);
};

class PostgresHarness final : public StoreHarness {
 public:
  PostgresHarness();
  ~PostgresHarness() override;
  std::unique_ptr<StoreAdapter> open() override;
  std::unique_ptr<StoreAdapter> open(PostgresOptions options);
  void execute(const std::string& sql) override;
  std::string type_name(ColumnType type) const override;
  std::set<std::string> tables() override;
  std::map<std::string, StoredColumn> columns(std::string_view table) override;
  std::map<std::string, std::string> indexes(std::string_view table) override;
  std::vector<std::string> plan(const Table& table, const ListQuery& query) override;
  std::string fault_of(const std::string& step) const override;

  // The rows' first column.
  std::vector<std::string> query(const std::string& sql);
  PostgresOptions options() const;
  const std::string& application() const {
    return schema_;
  }  // the application_name of the stores' connections

 private:
  PostgresOptions options_named(const std::string& application) const;

  std::string url_;
  std::string schema_;
};

std::unique_ptr<StoreHarness> make_harness(const std::string& adapter);

// Every column type; guarded, insert_once and insert_new.
const Table& items_table();
const Table& notes_table();
const Table& facts_table();

// A guarded row of items_table() with plain values.
Row make_item(const std::string& id, std::int64_t amount, std::int64_t rev = 0);
// A row of notes_table() or facts_table().
Row make_note(const std::string& id, const std::string& text);
std::int64_t amount_of(const Row& item);
std::string text_of(const Row& note);

Status commit(Store& store, const std::vector<TableRows>& changes);
std::vector<Row> read(Store& store, const Table& table, const std::vector<std::string>& keys);

// A migrated store with the tables above.
class StoreContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;
  void execute(const std::string& sql);

  std::unique_ptr<StoreHarness> harness_;
  std::unique_ptr<StoreAdapter> store_;
};

std::string adapter_name(const testing::TestParamInfo<std::string>& info);

}  // namespace penstock

#define PENSTOCK_EVERY_STORE(Suite) \
  INSTANTIATE_TEST_SUITE_P(Stores, Suite, ::testing::Values("postgres", "sqlite"), adapter_name)
