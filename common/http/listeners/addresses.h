// Whether a program will be able to listen, asked in its first moment: one that cannot serve shall leave
// nothing behind, neither a data folder nor a schema, and not wait for a server first.
#pragma once

#include <initializer_list>
#include <string_view>

#include "common/config/settings.h"

namespace penstock {

struct ListenAddress {
  std::string_view setting;  // the variable that says so: "PENSTOCK_LISTEN"
  Address address;
};

// Listens on all of the addresses for a moment, and accepts nobody. Logs every one that cannot be listened
// on, with its setting and what to do about it. Another program can still be faster afterwards;
// start_listener() says so then.
bool can_listen(std::initializer_list<ListenAddress> addresses);

}  // namespace penstock
