// bench_postgres_loop: what a worker is compared with. A plain libpq loop that parses the same events and
// writes the same rows into the same tables: an inbox row that drops duplicates, the payment's rows, an
// outbox row. It loads nothing, decides nothing and knows these two event types only.
//
//   --batch 1    BEGIN, an INSERT for each row, COMMIT: one round trip each
//   --batch 500  all rows of 500 events in one statement: unnest and data-modifying CTEs, binary arrays
//
// Both commit with synchronous_commit as the server has it, like the worker.

#include <fmt/format.h>
#include <libpq-fe.h>

#include <CLI/CLI.hpp>
#include <array>
#include <bit>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/json/value.h"
#include "tests/bench/programs/event_bodies.h"
#include "tests/bench/programs/report.h"

namespace penstock::bench {
namespace {

struct CloseConnection {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
struct ClearResult {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using ConnectionHandle = std::unique_ptr<PGconn, CloseConnection>;
using ResultHandle = std::unique_ptr<PGresult, ClearResult>;

// One event as SQL sees it: row `e` of the statements below.
enum Input {
  key,
  type,
  created,
  place,
  object,
  intent,
  charge,
  amount,
  currency,
  mode,
  version,
  touched,
  data,
  kInputs
};
using Inputs = std::array<std::optional<std::string>, kInputs>;
constexpr std::array<std::string_view, kInputs> kInputNames = {
    "key",    "type",     "created", "place",   "object",  "intent", "charge",
    "amount", "currency", "mode",    "version", "touched", "data"};

constexpr bool is_integer(std::size_t input) { return input == created || input == place || input == amount; }

enum class From { any_event, session_event, intent_event };

// One INSERT of one row an event. All row counts and columns are those of the worker.
struct Insert {
  std::string_view table;
  From from;
  std::string_view columns;
  std::string_view values;
  std::string_view on_conflict;
};

constexpr Insert kInbox{"inbox", From::any_event,
                        "key, type, source, event_created, received_at, outcome, attempts, topic, "
                        "\"partition\", \"offset\", entity, "
                        "touched, rev, created_at, updated_at, updated_by",
                        "e.key, e.type, 'stripe', to_timestamp(e.created), now(), 'applied', 1, 'payments', "
                        "0, e.place, e.object, "
                        "e.touched::json, 1, now(), now(), e.key",
                        "DO NOTHING RETURNING key"};
constexpr Insert kEffects[] = {
    {"checkout_sessions", From::session_event,
     "key, id, status, payment_intent, mode, amount, currency, metadata, livemode, version, trusted, named, "
     "granted, credited, reversed, deposited, rev, created_at, updated_at, updated_by",
     "'test:' || e.object, e.object, 'paid', e.intent, e.mode, e.amount, e.currency, '{}'::json, false, "
     "e.version::json, true, '[]'::json, false, 0, 0, false, 1, now(), now(), e.key",
     "(key) DO UPDATE SET status = excluded.status, version = excluded.version, "
     "rev = checkout_sessions.rev + 1, updated_at = excluded.updated_at, updated_by = excluded.updated_by"},
    {"payment_intents", From::session_event,
     "key, id, status, metadata, livemode, sessions, charges, rev, created_at, updated_at, updated_by",
     "'test:' || e.intent, e.intent, 'pending', '{}'::json, false, json_build_array(e.object), '[]'::json, "
     "1, now(), now(), e.key",
     "(key) DO UPDATE SET sessions = excluded.sessions, rev = payment_intents.rev + 1, "
     "updated_at = excluded.updated_at, updated_by = excluded.updated_by"},
    {"payment_intents", From::intent_event,
     "key, id, status, amount, currency, metadata, livemode, latest_charge, version, sessions, charges, rev, "
     "created_at, updated_at, updated_by",
     "'test:' || e.object, e.object, 'paid', e.amount, e.currency, '{}'::json, false, e.charge, "
     "e.version::json, '[]'::json, "
     "json_build_array(e.charge), 1, now(), now(), e.key",
     "(key) DO UPDATE SET status = excluded.status, version = excluded.version, "
     "rev = payment_intents.rev + 1, updated_at = excluded.updated_at, updated_by = excluded.updated_by"},
    {"charges", From::intent_event,
     "key, id, payment_intent, livemode, amount_refunded, rev, created_at, updated_at, updated_by",
     "'test:' || e.charge, e.charge, e.intent, false, 0, 1, now(), now(), e.key",
     "(key) DO UPDATE SET payment_intent = excluded.payment_intent, rev = charges.rev + 1, "
     "updated_at = excluded.updated_at, updated_by = excluded.updated_by"},
    {"outbox", From::any_event, "id, type, org, event, data, created_at",
     "'payment.succeeded of ' || e.intent, 'payment.succeeded', 'default', e.key, e.data, now()",
     "(id) DO NOTHING"},
};

std::string_view condition(From from) {
  switch (from) {
    case From::any_event:
      return "true";
    case From::session_event:
      return "e.type = 'checkout.session.completed'";
    case From::intent_event:
      return "e.type = 'payment_intent.succeeded'";
  }
  return {};
}

std::string insert_from(const Insert& insert, std::string_view events) {
  return fmt::format("INSERT INTO {} ({}) SELECT {} FROM {} e WHERE {} ON CONFLICT {}", insert.table,
                     insert.columns, insert.values, events, condition(insert.from), insert.on_conflict);
}

// One event, each input a parameter.
std::string single_event() {
  std::string columns;
  for (std::size_t i = 0; i < kInputs; ++i)
    columns += fmt::format("{}${}::{} AS {}", i == 0 ? "" : ", ", i + 1, is_integer(i) ? "bigint" : "text",
                           kInputNames[i]);
  return "(SELECT " + columns + ")";
}

std::string set_based_statement() {
  std::string arrays, names;
  for (std::size_t i = 0; i < kInputs; ++i) {
    arrays += fmt::format("{}${}::{}[]", i == 0 ? "" : ", ", i + 1, is_integer(i) ? "bigint" : "text");
    names += fmt::format("{}{}", i == 0 ? "" : ", ", kInputNames[i]);
  }
  std::string sql = fmt::format("WITH given AS (SELECT * FROM unnest({}) AS e({})), fresh_keys AS ({}), ",
                                arrays, names, insert_from(kInbox, "given"));
  sql += "fresh AS (SELECT given.* FROM given JOIN fresh_keys USING (key))";
  for (std::size_t i = 0; i < std::size(kEffects); ++i)
    sql += fmt::format(", effect{} AS ({})", i, insert_from(kEffects[i], "fresh"));
  return sql + " SELECT count(*) FROM fresh_keys";
}

// What a plain loop looks at.
Inputs read_event(const EventBody& event, std::size_t at) {
  const auto document = json::Document::parse(event.body);
  if (!document) fail("not JSON");
  const json::Value root = document.value().root();
  const json::Value about = root["data"]["object"];
  const auto text = [](json::Value value) {
    const auto found = value.string();
    return found ? std::optional<std::string>(*found) : std::nullopt;
  };
  const bool is_session = *root["type"].string() == "checkout.session.completed";

  Inputs in;
  in[type] = text(root["type"]);
  in[key] = "stripe:" + *text(root["id"]);
  in[created] = std::to_string(*root["created"].integer());
  in[place] = std::to_string(at);
  in[object] = text(about["id"]);
  in[intent] = text(about[is_session ? "payment_intent" : "id"]);
  in[charge] = text(about["latest_charge"]);
  in[amount] = std::to_string(*about[is_session ? "amount_total" : "amount"].integer());
  in[currency] = text(about["currency"]);
  in[mode] = text(about["mode"]);
  in[version] =
      fmt::format(R"({{"created":"2025-09-04T12:00:00Z","rank":4,"event":"{}"}})", *text(root["id"]));
  in[touched] = fmt::format(R"([{{"resource":"payments","id":"{}"}},{{"resource":"payments","id":"{}"}}])",
                            *in[object], *in[intent]);
  in[data] = fmt::format(
      R"({{"id":"{}","session":null,"payment_intent":"{}","charge":"{}","status":"paid","amount":{},"currency":"{}",)"
      R"("amount_refunded":0,"dispute":null,"app_slug":null,"user_id":null,"customer":null,"account":null,)"
      R"("livemode":false,"metadata":{{}},"fulfilled":false,"fulfilled_by":null}})",
      *in[object], *in[intent], in[charge].value_or(""), *in[amount], *in[currency]);
  return in;
}

class Database {
 public:
  explicit Database(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) fail(PQerrorMessage(connection_.get()));
  }

  void prepare(const std::string& name, const std::string& sql) {
    check(PQprepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr));
  }
  void execute(const char* sql) { check(PQexec(connection_.get(), sql)); }

  // Returns the first column of the first row as text; empty when there is none.
  std::string execute(const std::string& name, const std::array<const char*, kInputs>& values,
                      const std::array<int, kInputs>& lengths, bool binary) {
    std::array<int, kInputs> formats;
    formats.fill(binary ? 1 : 0);
    const auto result = check(PQexecPrepared(connection_.get(), name.c_str(), kInputs, values.data(),
                                             lengths.data(), formats.data(), 0));
    return PQntuples(result.get()) == 0 ? "" : PQgetvalue(result.get(), 0, 0);
  }

 private:
  ResultHandle check(PGresult* raw) {
    ResultHandle result(raw);
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail(PQerrorMessage(connection_.get()));
    return result;
  }

  ConnectionHandle connection_;
};

class OneByOne {
 public:
  explicit OneByOne(Database& database) : database_(database) {
    const std::string event = single_event();
    database_.prepare("inbox", insert_from(kInbox, event));
    for (std::size_t i = 0; i < std::size(kEffects); ++i)
      database_.prepare(fmt::format("effect{}", i), insert_from(kEffects[i], event));
  }

  void apply(const Inputs& event) {
    std::array<const char*, kInputs> values{};
    for (std::size_t i = 0; i < kInputs; ++i) values[i] = event[i] ? event[i]->c_str() : nullptr;
    database_.execute("BEGIN");
    if (!database_.execute("inbox", values, {}, false).empty()) write_effects(*event[type], values);
    database_.execute("COMMIT");
  }

 private:
  void write_effects(std::string_view event_type, const std::array<const char*, kInputs>& values) {
    const From other = event_type == "checkout.session.completed" ? From::intent_event : From::session_event;
    for (std::size_t i = 0; i < std::size(kEffects); ++i)
      if (kEffects[i].from != other) database_.execute(fmt::format("effect{}", i), values, {}, false);
  }

  Database& database_;
};

// PostgreSQL's binary format of a one-dimensional array.
class BinaryArray {
 public:
  BinaryArray(bool integers, std::size_t elements) : integers_(integers) {
    constexpr std::uint32_t kInt8 = 20, kText = 25;
    for (const std::uint32_t word :
         {1u, 1u, integers ? kInt8 : kText, static_cast<std::uint32_t>(elements), 1u})
      put(word);
  }

  void add(const std::optional<std::string>& value) {
    if (!value) return put(0xffffffffu);
    put(static_cast<std::uint32_t>(integers_ ? 8 : value->size()));
    if (!integers_)
      bytes_.append(*value);
    else
      put(static_cast<std::uint64_t>(std::stoll(*value)));
  }

  const std::string& bytes() const noexcept { return bytes_; }

 private:
  void put(std::uint32_t word) {
    word = __builtin_bswap32(word);
    bytes_.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  void put(std::uint64_t word) {
    word = __builtin_bswap64(word);
    bytes_.append(reinterpret_cast<const char*>(&word), sizeof word);
  }

  bool integers_;
  std::string bytes_;
};

class SetBased {
 public:
  explicit SetBased(Database& database) : database_(database) {
    database_.prepare("batch", set_based_statement());
  }

  void apply(const std::vector<Inputs>& events) {
    std::array<std::string, kInputs> arrays;
    std::array<const char*, kInputs> values{};
    std::array<int, kInputs> lengths{};
    for (std::size_t i = 0; i < kInputs; ++i) {
      BinaryArray array(is_integer(i), events.size());
      for (const auto& event : events) array.add(event[i]);
      arrays[i] = array.bytes();
      values[i] = arrays[i].data();
      lengths[i] = static_cast<int>(arrays[i].size());
    }
    database_.execute("batch", values, lengths, true);
  }

 private:
  Database& database_;
};

void apply_one_by_one(Database& database, const std::vector<EventBody>& events) {
  OneByOne loop(database);
  for (std::size_t at = 0; at < events.size(); ++at) loop.apply(read_event(events[at], at));
}

void apply_in_batches(Database& database, const std::vector<EventBody>& events, std::size_t batch) {
  SetBased loop(database);
  std::vector<Inputs> inputs;
  for (std::size_t at = 0; at < events.size(); ++at) {
    inputs.push_back(read_event(events[at], at));
    if (inputs.size() < batch && at + 1 < events.size()) continue;
    loop.apply(inputs);
    inputs.clear();
  }
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  using namespace penstock::bench;
  std::string store;
  std::size_t count = 0;
  std::size_t batch = 1;
  CLI::App app("The worker's durable work in a plain libpq loop");
  app.add_option("--store", store)->required();
  app.add_option("--events", count)->required();
  app.add_option("--batch", batch);
  CLI11_PARSE(app, argc, argv);

  const EventBodies bodies;
  std::vector<EventBody> events;
  for (std::size_t n = 0; n < count; ++n) events.push_back(bodies.make(n));

  Database database(store);
  const auto start = std::chrono::steady_clock::now();
  if (batch == 1)
    apply_one_by_one(database, events);
  else
    apply_in_batches(database, events, batch);
  report_events(count, std::chrono::steady_clock::now() - start);
}
