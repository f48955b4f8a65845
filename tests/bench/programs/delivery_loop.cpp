// bench_delivery_loop: what the pool of deliveries is compared with. One thread, one PostgreSQL connection and one libcurl easy handle
// that is used again: BEGIN; the oldest job that is due, locked; POST; an INSERT of the attempt, an UPDATE of the job; COMMIT. All
// statements are prepared. It sends the same bodies to the same URLs with the same signatures. Its jobs are there when the clock starts,
// one for each event: it publishes nothing, and has no feed, no fairness, no breaker and no second worker.
#include <curl/curl.h>
#include <fmt/format.h>
#include <libpq-fe.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/adapters/system_clock/system_clock.h"
#include "tests/bench/programs/outgoing.h"
#include "tests/bench/programs/report.h"
#include "workers/deliveries/envelope.h"

namespace penstock::bench {
namespace {

constexpr const char* kSchema = R"(
CREATE TABLE jobs (id bigserial PRIMARY KEY, url text NOT NULL, event text NOT NULL, body text NOT NULL, status text NOT NULL,
                   attempts bigint NOT NULL, due_at timestamptz, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
CREATE INDEX jobs_due ON jobs (id) WHERE due_at IS NOT NULL;
CREATE TABLE job_attempts (id bigserial PRIMARY KEY, job bigint NOT NULL, url text NOT NULL, request_headers json NOT NULL,
                           status_code bigint, response_body text, duration_ms bigint NOT NULL, created_at timestamptz NOT NULL);
CREATE INDEX job_attempts_by_job ON job_attempts (job, id);
)";

struct Options {
  std::string store;
  std::uint16_t sink = 0;
  std::string path = "now";
  std::size_t endpoints = 1;
  std::size_t events = 0;
  int postgres = 0;
};

struct CloseConnection {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
struct ClearResult {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using ResultHandle = std::unique_ptr<PGresult, ClearResult>;

class Database {
 public:
  explicit Database(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) fail(PQerrorMessage(connection_.get()));
  }

  void prepare(const char* name, const char* sql) {
    check(PQprepare(connection_.get(), name, sql, 0, nullptr));
  }
  void execute(const char* sql) { check(PQexec(connection_.get(), sql)); }
  ResultHandle execute(const char* name, std::initializer_list<const char*> values) {
    return check(PQexecPrepared(connection_.get(), name, static_cast<int>(values.size()), std::data(values),
                                nullptr, nullptr, 0));
  }

 private:
  ResultHandle check(PGresult* raw) {
    ResultHandle result(raw);
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail(PQerrorMessage(connection_.get()));
    return result;
  }

  std::unique_ptr<PGconn, CloseConnection> connection_;
};

std::size_t keep(char* bytes, std::size_t size, std::size_t count, void* to) {
  static_cast<std::string*>(to)->append(bytes, size * count);
  return size * count;
}

struct FreeFields {
  void operator()(curl_slist* fields) const noexcept { curl_slist_free_all(fields); }
};

class Poster {
 public:
  Poster() : handle_(curl_easy_init()) {
    curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(handle_, CURLOPT_TIMEOUT_MS, 15'000L);
    curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
  }
  Poster(const Poster&) = delete;
  Poster& operator=(const Poster&) = delete;
  ~Poster() { curl_easy_cleanup(handle_); }

  long post(const char* url, const HttpFields& fields, std::string_view body, std::string& answer) {
    std::unique_ptr<curl_slist, FreeFields> lines;
    for (const auto& [name, value] : fields)
      lines.reset(curl_slist_append(lines.release(), fmt::format("{}: {}", name, value).c_str()));
    curl_easy_setopt(handle_, CURLOPT_URL, url);
    curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, lines.get());
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(handle_, CURLOPT_WRITEDATA, &answer);
    if (const auto done = curl_easy_perform(handle_); done != CURLE_OK) fail(curl_easy_strerror(done));
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    return status;
  }

 private:
  CURL* const handle_;
};

std::string as_json(const HttpFields& fields) {
  std::string text = "{";
  for (const auto& [name, value] : fields)
    text += fmt::format("{}\"{}\":\"{}\"", text.size() == 1 ? "" : ",", name, value);
  return text + "}";
}

class Loop {
 public:
  explicit Loop(const Options& options) : database_(options.store) {
    database_.execute(kSchema);
    fill(options);
    database_.prepare("next",
                      "SELECT id, url, event, body FROM jobs WHERE due_at IS NOT NULL AND due_at <= now() "
                      "ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1");
    database_.prepare(
        "attempt",
        "INSERT INTO job_attempts (job, url, request_headers, status_code, response_body, duration_ms, "
        "created_at) VALUES ($1, $2, $3, $4, $5, $6, now())");
    database_.prepare(
        "done",
        "UPDATE jobs SET status = 'succeeded', attempts = attempts + 1, due_at = NULL, updated_at = now() "
        "WHERE id = $1");
  }

  bool deliver_next() {
    database_.execute("BEGIN");
    const auto job = database_.execute("next", {});
    if (PQntuples(job.get()) == 0) return database_.execute("COMMIT"), false;
    const auto value = [&](int column) { return PQgetvalue(job.get(), 0, column); };
    const std::string_view body(value(3), static_cast<std::size_t>(PQgetlength(job.get(), 0, 3)));
    const auto fields = signed_fields(value(2), body, std::span(&kOutgoingSecret, 1), clock_.now());
    const auto began = std::chrono::steady_clock::now();
    std::string answer;
    const std::string status = std::to_string(poster_.post(value(1), fields, body, answer));
    if (status != "200") fail("not 200");
    const auto took = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - began);
    database_.execute("attempt", {value(0), value(1), as_json(fields).c_str(), status.c_str(), answer.c_str(),
                                  std::to_string(took.count()).c_str()});
    database_.execute("done", {value(0)});
    database_.execute("COMMIT");
    return true;
  }

 private:
  void fill(const Options& options) {
    database_.prepare("add",
                      "INSERT INTO jobs (url, event, body, status, attempts, due_at, created_at, updated_at) "
                      "VALUES ($1, $2, $3, 'pending', 0, now(), now(), now())");
    database_.execute("BEGIN");
    for (std::size_t n = 0; n < options.events; ++n) {
      const std::size_t endpoint = n % options.endpoints;
      const auto url = fmt::format("http://127.0.0.1:{}/{}/{}", options.sink, options.path, endpoint);
      const auto event = make_outbound_event(n, endpoint_org(endpoint), endpoint_type(endpoint));
      database_.execute("add", {url.c_str(), event.id.c_str(), envelope(event, clock_.now()).c_str()});
    }
    database_.execute("COMMIT");
    database_.execute("ANALYZE jobs");
  }

  const SystemClock clock_;
  Database database_;
  Poster poster_;
};

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  using namespace penstock::bench;
  Options options;
  CLI::App app("Deliveries in a plain loop");
  app.add_option("--store", options.store)->required();
  app.add_option("--sink", options.sink, "the port of bench_sink")->required();
  app.add_option("--path", options.path, "of the URLs: now, after/5");
  app.add_option("--endpoints", options.endpoints);
  app.add_option("--events", options.events)->required();
  app.add_option("--postgres", options.postgres, "the id of its server's first process");
  CLI11_PARSE(app, argc, argv);

  curl_global_init(CURL_GLOBAL_ALL);
  Loop loop(options);
  const auto began = std::chrono::steady_clock::now();
  const auto cpu_before = cpu_used(), server_before = cpu_used_by_children_of(options.postgres);
  while (loop.deliver_next()) {
  }
  const auto took = std::chrono::steady_clock::now() - began;
  const auto cpu = cpu_used() - cpu_before;
  const auto server_cpu = cpu_used_by_children_of(options.postgres) - server_before;
  wait_for_arrivals(options.sink, options.events);
  report_events(options.events, took, cpu, server_cpu);
}
