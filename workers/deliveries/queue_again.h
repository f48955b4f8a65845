// What an operator has sent again.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/ports/clock.h"
#include "common/ports/store.h"
#include "workers/domain/state/outbound_rows.h"

namespace penstock {

// All functions block on the store, and its errors are theirs.

// Makes those of an endpoint's deliveries due now, whatever has become of them, with all their attempts before them, and ends the pause
// of an endpoint that fails. Says how many of them there are.
Result<std::size_t> queue_again(Store& store, const Clock& clock, const std::string& endpoint,
                                const std::vector<std::string>& deliveries);

// The oldest of an endpoint's deliveries that have failed since then, before `until`: `at_most`.
Result<std::vector<std::string>> failed_between(Store& store, const std::string& endpoint, Timestamp since,
                                                Timestamp until, std::size_t at_most);

// Has the endpoint tried again, if something is pending, as soon as every worker is sure to know that its config has changed. One that
// is tried before is found as it was, and left alone for minutes.
Status wake_endpoint(Store& store, const Clock& clock, const std::string& endpoint);

}  // namespace penstock
