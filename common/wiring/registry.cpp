#include "common/wiring/registry.h"

#include "common/observe/log.h"

namespace penstock {
namespace {

registry::FollowerOptions follower_options(const Settings& settings, bool keeps_copy) {
  registry::FollowerOptions options;
  options.origin = settings.topic_prefix;  // brokers come and go
  if (!keeps_copy) return options;
  if (settings.data_dir.empty())
    log::warn("no copy of the settings is kept, so a start without the log knows no partner and no key",
              {{"do", "set PENSTOCK_DATA_DIR"}});
  else
    options.copy = std::filesystem::path(settings.data_dir) / "settings.copy";
  return options;
}

}  // namespace

Registry::Registry(const Settings& settings, LogReader& log, const Clock& clock, Metrics& metrics,
                   bool keeps_copy)
    : sealer_(settings.master_keys),
      follower_(follower_options(settings, keeps_copy), log, sealer_, table_, clock, metrics) {}

}  // namespace penstock
