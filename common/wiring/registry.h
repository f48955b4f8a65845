// The settings that the admin API changes, as this process knows them: what opens them, the table, and what keeps it up
// to date.
#pragma once

#include "common/config/settings.h"
#include "common/http/probes/readiness.h"
#include "common/registry/follower.h"

namespace penstock {

// The settings must have a master key. All it is given must outlive it.
class Registry {
 public:
  // Follows the log from here on. Keeps a copy in the data folder, if there is one and `keeps_copy`: where the log is another
  // machine's.
  Registry(const Settings& settings, LogReader& log, const Clock& clock, Metrics& metrics,
           bool keeps_copy = false);
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  const crypto::Sealer& sealer() const noexcept { return sealer_; }
  const registry::Table& table() const noexcept { return table_; }
  // As Follower::ready().
  Status ready() const { return follower_.ready(); }
  ReadinessCheck check() const {
    return {"settings", {}, [this] { return ready(); }};
  }

 private:
  const crypto::Sealer sealer_;
  registry::Table table_;
  registry::Follower follower_;
};

}  // namespace penstock
