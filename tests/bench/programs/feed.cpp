// bench_feed: fills a store with outbound events that have their places in the feed of the default org.
#include <CLI/CLI.hpp>
#include <chrono>

#include "common/adapters/system_clock/system_clock.h"
#include "common/core/org.h"
#include "tests/bench/programs/outgoing.h"
#include "tests/bench/programs/report.h"
#include "workers/deliveries/publish.h"

namespace penstock::bench {
namespace {

void fill(const std::string& address, std::size_t count) {
  const SystemClock clock;
  const auto store = open_migrated_store(address);
  std::vector<OutboxRow> events;
  for (std::size_t n = 0; n < count; ++n)
    events.push_back(make_outbound_event(n, std::string(kDefaultOrg), "payment.succeeded"));
  write_all_events(*store, clock, std::move(events));
  registry::Table settings;
  settings.replace({});
  const auto began = std::chrono::steady_clock::now();
  for (std::size_t left = count; left > 0;) {
    const auto published = publish_events(*store, settings.current(), clock);
    if (!published) fail(published.error().detail);
    left -= published.value();
  }
  report_events(count, std::chrono::steady_clock::now() - began);
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  std::string store;
  std::size_t events = 0;
  CLI::App app("A feed to be read");
  app.add_option("--store", store, "postgresql://… or sqlite:FILE")->required();
  app.add_option("--events", events)->required();
  CLI11_PARSE(app, argc, argv);
  penstock::bench::fill(store, events);
}
