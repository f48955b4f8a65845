// The settings as the admin API takes them.
#pragma once

#include "common/config/settings.h"
#include "common/wiring/addresses.h"
#include "ingress/admin/admin_api.h"
#include "workers/runtime/worker.h"

namespace penstock {

inline AdminOptions admin_options(const Settings& settings) {
  AdminOptions options;
  options.token = settings.admin_token;
  options.group_prefix = settings.topic_prefix;
  options.pools.assign(std::begin(kPools), std::end(kPools));
  options.store_address = store_address(settings);
  options.log_address = log_address(settings);
  options.pool_stuck_after = settings.pool_stuck_after;
  return options;
}

}  // namespace penstock
