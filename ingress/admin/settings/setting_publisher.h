// Keeps the store's settings and the log's the same, whatever failed when they were changed.
#pragma once

#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "common/async/periodic.h"
#include "workers/settings/setting_writer.h"

namespace penstock {

struct SettingPublisherOptions {
  Milliseconds interval{1'000};
  // Until then a change is its writer's to publish.
  Milliseconds grace{2'000};
  // Between two looks at all settings; the others are at what was changed of late.
  Milliseconds whole_interval{600'000};
  // Whether the table has been told all that the log has: before that it would all be published anew.
  std::function<Status()> table_is_filled;
};

// Publishes what the log does not have, or has an earlier change of, and takes into the store what the log has a later
// change of; and writes rows for workers that a setting lacks. So a store that was restored from a backup has the settings of now again, and none that was deleted since.
//
// Used by one thread. All it is given must outlive it.
class SettingPublisher {
 public:
  SettingPublisher(SettingPublisherOptions options, const SettingPorts& ports)
      : options_(std::move(options)), ports_(ports) {}

  // Compares what may differ by now. Blocks. Errors are the first of the store's and the log's; or, after all others had
  // their turn, of a setting that cannot be opened.
  Status look();

  Milliseconds interval() const noexcept { return options_.interval; }

 private:
  using Keys = std::unordered_set<std::string>;
  Status look_since(std::optional<Timestamp> since, Keys* seen);
  Status tell_again(const std::vector<std::string>& keys);
  Status look_at(const Row& stored);
  Status look_at_unreadable(const std::string& key, const Error& error);
  Status look_for_unknown(const Keys& stored);
  Status take_from_log(const std::string& key);

  const SettingPublisherOptions options_;
  const SettingPorts ports_;
  std::optional<Timestamp> looked_at_;  // by the wall clock
  std::optional<Milliseconds> whole_at_;
  std::optional<Error> unreadable_;  // the first one of this look
};

// A publisher on a thread of its own, which says once when it begins to fail. Destruction waits for a look.
class SettingUpkeep {
 public:
  SettingUpkeep(SettingPublisherOptions options, const SettingPorts& ports);

 private:
  void work();

  SettingPublisher publisher_;
  bool failing_ = false;
  Periodic periodic_;  // last: it uses the above
};

}  // namespace penstock
