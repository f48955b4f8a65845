#include "tests/contract/store/harness.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>

#include "common/adapters/postgres/connection.h"
#include "common/adapters/postgres/lists.h"
#include "common/adapters/sql/list.h"
#include "common/adapters/sql/rows.h"
#include "common/adapters/sql/text.h"
#include "common/adapters/sqlite/sqlite.h"
#include "common/adapters/sqlite/store.h"

namespace penstock {
namespace {

template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().detail);
  return std::move(result).value();
}

std::string unique_name() {
  static std::atomic<int> count{0};
  return "penstock_test_" + std::to_string(getpid()) + "_" + std::to_string(++count);
}

std::string scratch_url() {
  const char* url = std::getenv("PENSTOCK_TEST_POSTGRES");
  if (url == nullptr || *url == '\0')
    throw std::runtime_error(
        "PENSTOCK_TEST_POSTGRES is not set: it must name a scratch database, postgresql://…");
  return url;
}

// An index as its CREATE has it, each stretch of blanks as one, without its name.
std::string definition(const std::string& sql, const std::string& name) {
  std::istringstream in(sql);
  std::string text;
  for (std::string word; in >> word;)
    if (word != name) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

class SqliteHarness final : public StoreHarness {
 public:
  SqliteHarness() : folder_(std::filesystem::temp_directory_path() / unique_name()) {
    std::filesystem::create_directory(folder_);
  }
  ~SqliteHarness() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<StoreAdapter> open() override {
    return value_or_throw(open_sqlite_store(
        {.file = file(), .connection_wait = Milliseconds{2'000}, .maintenance_pieces_max = 2}));
  }
  void execute(const std::string& sql) override {
    auto connection = value_or_throw(sqlite::Connection::open(file()));
    const auto done = connection.execute(sql);
    if (!done) throw std::runtime_error(done.error().detail);
  }
  std::string type_name(ColumnType type) const override {
    return type == ColumnType::text || type == ColumnType::json ? "TEXT" : "INTEGER";
  }
  std::set<std::string> tables() override {
    std::set<std::string> names;
    for (const auto& [name] : rows<1>("SELECT name FROM sqlite_schema WHERE type = 'table'"))
      names.insert(name);
    return names;
  }
  std::map<std::string, StoredColumn> columns(std::string_view table) override {
    std::map<std::string, StoredColumn> columns;
    for (const auto& [name, type, nullable, in_key] :
         rows<4>("SELECT name, type, \"notnull\" = 0, pk > 0 FROM pragma_table_info('" + std::string(table) +
                 "')"))
      columns[name] = {type, nullable == "1", in_key == "1"};
    return columns;
  }
  std::map<std::string, std::string> indexes(std::string_view table) override {
    std::map<std::string, std::string> indexes;
    for (const auto& [name, sql] : rows<2>("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND "
                                           "sql IS NOT NULL AND tbl_name = '" +
                                           std::string(table) + "'"))
      indexes[name] = definition(sql, name);
    return indexes;
  }
  // Without statistics, which nothing here makes, a plan does not depend on the values.
  std::vector<std::string> plan(const Table& table, const ListQuery& query) override {
    auto connection = value_or_throw(sqlite::Connection::open(file()));
    const auto text = value_or_throw(sql::list_statement(table, query)).text;
    auto statement = value_or_throw(connection.prepare("EXPLAIN QUERY PLAN " + text));
    std::vector<std::string> steps;
    while (value_or_throw(statement.step())) steps.emplace_back(statement.text(3));
    return steps;
  }
  std::string fault_of(const std::string& step) const override {
    if (step.find("TEMP B-TREE") != std::string::npos) return "sorts";
    if (step.find(" USING INDEX ") == std::string::npos) return "uses no index";
    return {};
  }

 private:
  template <std::size_t Width>
  std::vector<std::array<std::string, Width>> rows(const std::string& sql) {
    auto connection = value_or_throw(sqlite::Connection::open(file()));
    auto statement = value_or_throw(connection.prepare(sql));
    std::vector<std::array<std::string, Width>> rows;
    while (value_or_throw(statement.step()))
      for (auto& cell : rows.emplace_back())
        cell = statement.text(static_cast<int>(&cell - rows.back().data()));
    return rows;
  }

  std::filesystem::path file() const { return folder_ / "state.db"; }
  std::filesystem::path folder_;
};

constexpr Column kItemColumns[] = {
    {"id", ColumnType::text},        {"offset", ColumnType::text},        {"amount", ColumnType::integer},
    {"active", ColumnType::boolean}, {"happened", ColumnType::timestamp}, {"data", ColumnType::json}};
constexpr Column kNoteColumns[] = {{"id", ColumnType::text}, {"note", ColumnType::text}};
constexpr Table kItems{"items", kItemColumns};
constexpr Table kNotes{"notes", kNoteColumns, WriteMode::insert_once};
constexpr Table kFacts{"facts", kNoteColumns, WriteMode::insert_new};

}  // namespace

void StoreHarness::create_table(const Table& table) {
  std::string columns;
  for (const auto& column : sql::stored_columns(table)) {
    columns += columns.empty() ? "" : ", ";
    columns += sql::quoted(column.name) + " " + type_name(column.type);
    if (column.name == sql::key_name(table)) columns += " PRIMARY KEY";
  }
  execute("CREATE TABLE " + std::string(table.name) + " (" + columns + ")");
}

PostgresHarness::PostgresHarness() : url_(scratch_url()), schema_(unique_name()) {
  execute("CREATE SCHEMA " + schema_);
}

PostgresHarness::~PostgresHarness() { execute("DROP SCHEMA " + schema_ + " CASCADE"); }

PostgresOptions PostgresHarness::options() const { return options_named(schema_); }

PostgresOptions PostgresHarness::options_named(const std::string& application) const {
  const char* joint = url_.find('?') == std::string::npos ? "?" : "&";
  PostgresOptions options;
  options.maintenance_pieces_max = 2;
  // A machine that is busy with other tests is no error.
  options.connect_timeout = options.lock_timeout = std::chrono::seconds{30};
  options.url = url_ + joint + "application_name=" + application + "&options=-csearch_path%3D" + schema_;
  return options;
}

std::unique_ptr<StoreAdapter> PostgresHarness::open() { return open(options()); }
std::unique_ptr<StoreAdapter> PostgresHarness::open(PostgresOptions options) {
  return value_or_throw(make_postgres_store(std::move(options)));
}

void PostgresHarness::execute(const std::string& sql) { query(sql); }

std::vector<std::string> PostgresHarness::query(const std::string& sql) {
  const auto connection = value_or_throw(postgres::connect(options_named(schema_ + "_harness")));
  const auto result = value_or_throw(postgres::execute(connection.get(), sql));
  std::vector<std::string> values;
  for (int row = 0; row < PQntuples(result.get()); ++row)
    values.emplace_back(PQgetvalue(result.get(), row, 0));
  return values;
}

std::string PostgresHarness::type_name(ColumnType type) const {
  switch (type) {
    case ColumnType::text:
      return "text";
    case ColumnType::integer:
      return "bigint";
    case ColumnType::boolean:
      return "boolean";
    case ColumnType::timestamp:
      return "timestamp with time zone";
    case ColumnType::json:
      return "json";
  }
  return {};
}

// Partitions are their table's.
std::set<std::string> PostgresHarness::tables() {
  const auto names = query(
      "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND "
      "relkind IN ('r', 'p') AND NOT relispartition");
  return {names.begin(), names.end()};
}

std::map<std::string, StoredColumn> PostgresHarness::columns(std::string_view table) {
  const std::string name = std::string(table);
  const std::string where =
      " FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = '" + name +
      "' ORDER BY ordinal_position";
  const auto names = query("SELECT column_name" + where), types = query("SELECT data_type" + where),
             nullable = query("SELECT is_nullable" + where);
  std::map<std::string, StoredColumn> columns;
  for (std::size_t i = 0; i < names.size(); ++i) columns[names[i]] = {types[i], nullable[i] == "YES", false};
  for (const auto& column : query("SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND "
                                  "attnum = ANY(indkey) WHERE indisprimary AND indrelid = '" +
                                  name + "'::regclass"))
    columns[column].in_key = true;
  return columns;
}

std::map<std::string, std::string> PostgresHarness::indexes(std::string_view table) {
  const std::string from = " FROM pg_index WHERE NOT indisprimary AND indrelid = '" + std::string(table) +
                           "'::regclass ORDER BY indexrelid";
  const auto names = query("SELECT indexrelid::regclass::text AS name" + from),
             definitions = query("SELECT pg_get_indexdef(indexrelid)" + from);
  std::map<std::string, std::string> indexes;
  for (std::size_t i = 0; i < names.size(); ++i) indexes[names[i]] = definition(definitions[i], names[i]);
  return indexes;
}

std::vector<std::string> PostgresHarness::plan(const Table& table, const ListQuery& query) {
  auto connection = value_or_throw(postgres::Connection::open(options_named(schema_ + "_harness")));
  auto statement = value_or_throw(sql::list_statement(table, query));
  statement.text.insert(0, "EXPLAIN (COSTS OFF) ");
  const auto result = value_or_throw(postgres::run_list(*connection, statement));
  std::vector<std::string> steps;
  for (int row = 0; row < PQntuples(result.get()); ++row)
    steps.emplace_back(PQgetvalue(result.get(), row, 0));
  return steps;
}

std::string PostgresHarness::fault_of(const std::string& step) const {
  const auto says = [&](std::string_view word) { return step.find(word) != std::string::npos; };
  if (says("Sort  ") || says("Sort (") || step.ends_with("Sort")) return "sorts";
  if (says("Seq Scan") || says("Bitmap")) return "uses no index";
  if (says("Filter:")) return "tries rows one by one";
  return {};
}

std::unique_ptr<StoreHarness> make_harness(const std::string& adapter) {
  if (adapter == "postgres") return std::make_unique<PostgresHarness>();
  return std::make_unique<SqliteHarness>();
}

const Table& items_table() { return kItems; }
const Table& notes_table() { return kNotes; }
const Table& facts_table() { return kFacts; }

Row make_item(const std::string& id, std::int64_t amount, std::int64_t rev) {
  const Timestamp at = timestamp_from_unix_ms(1'753'463'561'123);
  return {{id, std::string("word"), amount, true, to_unix_ms(at), std::string("{}")},
          rev,
          {at, at, "stripe:evt_1"}};
}

Row make_note(const std::string& id, const std::string& text) {
  return {{id, text}, 0, {Timestamp{}, {}, {}}};
}

std::int64_t amount_of(const Row& item) { return std::get<std::int64_t>(item.cells.at(2)); }
std::string text_of(const Row& note) { return std::get<std::string>(note.cells.at(1)); }

Status commit(Store& store, const std::vector<TableRows>& changes) {
  TRY(auto batch, store.begin());
  return batch->commit(changes);
}

std::vector<Row> read(Store& store, const Table& table, const std::vector<std::string>& keys) {
  return value_or_throw(store.read(table, keys));
}

void StoreContract::SetUp() {
  harness_ = make_harness(GetParam());
  store_ = harness_->open();
  const auto migrated = store_->migrate();
  ASSERT_TRUE(migrated) << migrated.error().detail;
  store_.reset();
  for (const Table* table : {&kItems, &kNotes, &kFacts}) harness_->create_table(*table);
  store_ = harness_->open();
}

void StoreContract::execute(const std::string& sql) {
  store_.reset();
  harness_->execute(sql);
  store_ = harness_->open();
}

std::string adapter_name(const testing::TestParamInfo<std::string>& info) { return info.param; }

}  // namespace penstock
