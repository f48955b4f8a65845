// Whether who has signed in, or is about to, may come in.
#pragma once

#include <string_view>

#include "common/registry/table.h"

namespace penstock {

enum class Standing {
  welcome,
  banned,
  not_read_yet,  // the settings, so nobody can say
  unreadable,    // its ban; PENSTOCK_MASTER_KEY lacks the key
};

// Of an account, "provider/subject". Holds at this moment: a ban is in force on all sessions that are open.
Standing standing_of(std::string_view account, const registry::Snapshot& settings) noexcept;

}  // namespace penstock
