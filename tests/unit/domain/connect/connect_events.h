// What the tests of connected accounts, payouts and session payments have in common.
#pragma once

#include <functional>

#include "tests/unit/domain/world.h"
#include "workers/domain/connect/session_payments.h"

namespace penstock::testing {

// One thing that happens to a world: an event, a registration.
using Step = std::function<void(World&)>;

Step event_step(const EventSpec& spec);
Step registration_step(const Registration& registration);

// Takes the steps in every order, each twice; the rows must end the same. Answers them.
std::map<std::string, std::string> expect_same_in_every_order(const std::vector<Step>& steps);
std::map<std::string, std::string> expect_same_in_every_order(const std::vector<EventSpec>& specs);

// As PUT /v1/session-payments does it.
Outcome register_payment(World& world, const Registration& registration);

std::vector<OutboxRow> outbox(const World& world, std::string_view type);

}  // namespace penstock::testing
