// bench_settings: tells a topic `settings` on Kafka of many settings at once, as admins would have one by one. The topic must
// be there (penstock-admin migrate).

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "common/adapters/kafka/event_log.h"
#include "common/crypto/crypto.h"
#include "common/ports/append_and_wait.h"
#include "common/registry/sealed.h"
#include "tests/bench/programs/many_settings.h"
#include "tests/bench/programs/report.h"

namespace penstock::bench {
namespace {

constexpr Milliseconds kDeadline{300'000};
constexpr std::size_t kBatch = 10'000;

struct Options {
  std::string brokers;
  std::string topic_prefix;
  std::string master_key;  // base64
  std::size_t settings = 0;
};

void tell(const Options& options) {
  const auto key = crypto::from_base64(options.master_key);
  if (!key) fail("the master key is no base64");
  const crypto::Sealer sealer(std::span(&*key, 1));
  const auto log = open_kafka_log({.brokers = options.brokers, .topic_prefix = options.topic_prefix});
  if (!log) fail(log.error().detail);
  std::size_t told = 0;
  const auto record = [&](std::size_t) {
    const auto change = make_setting(told++);
    return Record{std::string(registry::kSettingsTopic),
                  change.key,
                  registry::seal_setting(sealer, change.key, change.setting),
                  {}};
  };
  while (told < options.settings)
    if (const auto appended =
            append_and_wait(*log.value(), std::min(kBatch, options.settings - told), record, kDeadline);
        !appended)
      fail(appended.error().detail);
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  penstock::bench::Options options;
  CLI::App app("Tells a topic of many settings");
  app.add_option("--kafka", options.brokers)->required();
  app.add_option("--topic-prefix", options.topic_prefix)->required();
  app.add_option("--master-key", options.master_key)->required();
  app.add_option("--settings", options.settings)->required();
  CLI11_PARSE(app, argc, argv);
  penstock::bench::tell(options);
}
