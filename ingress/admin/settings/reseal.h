// Moves all settings to the first master key, while everything runs.
#pragma once

#include "workers/settings/setting_writer.h"

namespace penstock {

struct Resealed {
  std::size_t settings = 0;    // all that there are, deleted ones included
  std::size_t changed = 0;     // that were under another key
  std::size_t unreadable = 0;  // damaged, or under a key that is not among ours: left as they are, each said
};

// Seals in the store what is sealed under another key than the first, and tells the log every setting under the first one, so that no
// process needs another key afterwards. Can be run again after it failed, or beside itself. Blocks for as long as that
// takes. Errors: the store's and the log's.
Result<Resealed> reseal_settings(const SettingPorts& ports);

}  // namespace penstock
