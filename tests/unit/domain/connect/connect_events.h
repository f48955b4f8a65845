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

// World::state(), and under "shown/live:sp_1" what clients read of each session payment.
std::map<std::string, std::string> state_with_views(const World& world);

// Takes the steps in every order, each twice; they must end in the same state_with_views(). Answers it.
std::map<std::string, std::string> expect_same_in_every_order(const std::vector<Step>& steps);
std::map<std::string, std::string> expect_same_in_every_order(const std::vector<EventSpec>& specs);

// As PUT /v1/session-payments does it.
Outcome register_payment(World& world, const Registration& registration);

std::vector<OutboxRow> outbox(const World& world, std::string_view type);

}  // namespace penstock::testing
