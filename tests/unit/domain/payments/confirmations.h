// Confirmations of payments, the timer that looks them up, and apps of the operator's, as tests spell them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/unit/domain/payments/payment_events.h"
#include "workers/domain/payments/confirmations.h"

namespace penstock::testing {

// By default the same confirmation for equal payments.
SaidEvent confirmation(const std::string& payment, const std::string& id = {},
                       const std::optional<std::string>& org = {});

// Runs the timer at that second for all whose time has come. The events that were given up, with the reasons.
std::vector<std::string> look_up(World& world, std::int64_t second);

// Payments that somebody waits for, sorted.
std::vector<std::string> awaited(const World& world);

void put_app(World& world, const std::string& slug, bool enabled = true);

// What that app alone is told, in no order.
std::vector<OutboxRow> told_to(const World& world, const std::string& app);

}  // namespace penstock::testing
