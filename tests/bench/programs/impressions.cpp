// bench_impressions: impressions of one ad, counted exactly, on PostgreSQL.
//
//   --as worker  the pool of impressions as it is: they stand in an in-memory log, and the clock runs from
//                the first poll until the last offset is committed
//   --as update  what it is compared with: UPDATE … SET impressions = impressions + 1, each a transaction
//
// Either way the ad is registered first, and its count is checked afterwards.
#include <fmt/format.h>
#include <libpq-fe.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "common/adapters/memory/event_log.h"
#include "common/adapters/postgres/store.h"
#include "common/adapters/redis/no_seen_set.h"
#include "common/adapters/system_clock/system_clock.h"
#include "common/observe/metrics.h"
#include "ingress/doors/ads/impression_record.h"
#include "tests/bench/programs/report.h"
#include "workers/domain/ads/ads.h"
#include "workers/runtime/batch.h"
#include "workers/runtime/worker.h"
#include "workers/sources/ads/ads.h"

namespace penstock::bench {
namespace {

constexpr const char* kAd = "0f8fad5b-d9cb-469f-a165-70867728950e";
constexpr const char* kGroup = "bench";
constexpr std::size_t kLogBytesMax = std::size_t{4} << 30;

using Took = std::chrono::duration<double>;

void register_ad(Store& store, const Clock& clock) {
  const AdTerms terms{kAd, {}, {MicroUnits{1'000'000'000'000}, MicroUnits{2'500}, "usd"}, {}};
  const EventKey by{"admin:bench"};
  const auto registered = carry_out(
      store, clock,
      {by, [&](const View& view, Reads& reads) { name_reads(view, terms, reads); },
       [&](const View& view) -> Result<Effects> { return decide_terms(view, terms, clock.now(), by); }});
  if (!registered) fail(registered.error().detail);
}

std::int64_t count_of(Store& store) {
  const auto rows = store.read(table_of<Ad>(), std::vector<std::string>{kAd});
  if (!rows || rows.value().size() != 1) fail("the ad is not there");
  return from_cells<Ad>(rows.value().front().cells)->impressions;
}

std::int64_t committed(EventLog& log) {
  const auto progress = log.progress(kGroup, "ads");
  return progress ? progress.value().partitions.front().committed.value : 0;
}

void preload(EventLog& log, std::size_t impressions, Timestamp now) {
  for (std::size_t n = 0; n < impressions; ++n)
    while (
        !log.append(impression_record(kAd, std::nullopt, "", Catalogue::builtin(), now), [](const auto&) {}))
      if (!log.flush(Milliseconds{60'000})) fail("the log takes no impressions");
  if (!log.flush(Milliseconds{60'000})) fail("the log is not done within a minute");
}

Took count_by_worker(Store& store, const Clock& clock, std::size_t impressions, std::size_t batch) {
  const auto log =
      open_memory_log({.queue_records_max = impressions, .queue_bytes_max = kLogBytesMax}, clock).log;
  if (const auto made = log->create_topics({"ads"}); !made) fail(made.error().detail);
  preload(*log, impressions, clock.now());

  NoSeenSet seen_set;
  Metrics registry;
  WorkerMetrics metrics(registry);
  const WorkerOptions options{.pool = "ads",
                              .group = kGroup,
                              .batch_events_max = batch,
                              .log_address = "memory",
                              .store_address = "postgresql"};
  const Sources sources({ads_source()});
  const Policy policy;
  PoolHealth health("ads", clock, Milliseconds{60'000});
  const auto began = std::chrono::steady_clock::now();
  std::jthread thread([&](std::stop_token stop) {
    if (!run_worker(options, {*log, seen_set, store, clock, sources, health}, policy, metrics,
                    std::move(stop)))
      fail("the worker gave up");
  });
  while (committed(*log) < static_cast<std::int64_t>(impressions)) {
    if (std::chrono::steady_clock::now() - began > std::chrono::minutes{2})
      fail("the impressions were not counted within two minutes");
    std::this_thread::sleep_for(Milliseconds{1});
  }
  return std::chrono::steady_clock::now() - began;
}

struct CloseConnection {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
using ConnectionHandle = std::unique_ptr<PGconn, CloseConnection>;

void expect(PGconn* connection, PGresult* result) {
  if (PQresultStatus(result) != PGRES_COMMAND_OK) fail(PQerrorMessage(connection));
  PQclear(result);
}

Took count_by_updates(const std::string& url, std::size_t impressions) {
  const ConnectionHandle connection(PQconnectdb(url.c_str()));
  if (PQstatus(connection.get()) != CONNECTION_OK) fail(PQerrorMessage(connection.get()));
  expect(connection.get(),
         PQprepare(connection.get(), "count", "UPDATE ads SET impressions = impressions + 1 WHERE id = $1", 1,
                   nullptr));
  const auto began = std::chrono::steady_clock::now();
  for (std::size_t n = 0; n < impressions; ++n)
    expect(connection.get(), PQexecPrepared(connection.get(), "count", 1, &kAd, nullptr, nullptr, 0));
  return std::chrono::steady_clock::now() - began;
}

void run(const std::string& url, const std::string& as, std::size_t impressions, std::size_t batch) {
  const SystemClock clock;
  const auto store = make_postgres_store({.url = url});
  if (!store || !store.value()->migrate() || !store.value()->ready()) fail("the store is not ready");
  register_ad(*store.value(), clock);
  const Took took = as == "worker" ? count_by_worker(*store.value(), clock, impressions, batch)
                                   : count_by_updates(url, impressions);
  const std::int64_t counted = count_of(*store.value());
  if (counted != static_cast<std::int64_t>(impressions))
    fail(fmt::format("{} impressions came to {}", impressions, counted));
  report_events(impressions, took);
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  std::string store, as;
  std::size_t impressions = 0;
  std::size_t batch = 500;
  CLI::App app("Impressions of one ad");
  app.add_option("--store", store, "postgresql://…")->required();
  app.add_option("--as", as)->required()->check(CLI::IsMember({"worker", "update"}));
  app.add_option("--events", impressions)->required();
  app.add_option("--batch", batch);
  CLI11_PARSE(app, argc, argv);
  penstock::bench::run(store, as, impressions, batch);
}
