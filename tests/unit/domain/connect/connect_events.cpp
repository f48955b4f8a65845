#include "tests/unit/domain/connect/connect_events.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace penstock::testing {

Step event_step(const EventSpec& spec) {
  return [spec](World& world) { world.run(spec); };
}

Step registration_step(const Registration& registration) {
  return [registration](World& world) { register_payment(world, registration); };
}

std::map<std::string, std::string> state_with_views(const World& world) {
  auto state = world.state();
  for (const auto& row : world.all<SessionPayment>())
    state["shown/" + row.key] = json::to_text(session_payment_view(row));
  return state;
}

std::map<std::string, std::string> expect_same_in_every_order(const std::vector<Step>& steps) {
  std::vector<std::size_t> order(steps.size());
  std::iota(order.begin(), order.end(), 0);
  std::map<std::string, std::string> first;
  do {
    World world;
    for (const auto i : order) steps[i](world);
    for (const auto i : order) steps[i](world);
    if (first.empty()) first = state_with_views(world);
    EXPECT_EQ(state_with_views(world), first);
  } while (std::next_permutation(order.begin(), order.end()));
  return first;
}

std::map<std::string, std::string> expect_same_in_every_order(const std::vector<EventSpec>& specs) {
  std::vector<Step> steps;
  for (const auto& spec : specs) steps.push_back(event_step(spec));
  return expect_same_in_every_order(steps);
}

Outcome register_payment(World& world, const Registration& registration) {
  const EventKey by{"api/root:" + registration.id};
  const auto effects = world.carry_out(
      by, [&](const View& view, Reads& reads) { name_reads(view, registration, reads); },
      [&](const View& view) -> Result<Effects> { return decide_registration(view, registration, by); });
  CHECK(effects.has_value());
  return effects.value().outcome;
}

std::vector<OutboxRow> outbox(const World& world, std::string_view type) {
  auto rows = world.all<OutboxRow>();
  std::erase_if(rows, [&](const OutboxRow& each) { return each.type != type; });
  return rows;
}

}  // namespace penstock::testing
