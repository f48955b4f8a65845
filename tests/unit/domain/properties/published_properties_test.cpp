// What orgs publish is told once each, in any order, batches and repetition, beside whatever else comes in.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/domain/properties/random_events.h"
#include "tests/unit/domain/published_events.h"

namespace penstock::testing {
namespace {

constexpr int kRounds = 200;

// Ids are the same in every org; of one org each is there once.
std::vector<SaidEvent> any_published(Random& random) {
  std::vector<SaidEvent> events;
  for (std::size_t id = 0, ids = 1 + below(random, 12); id < ids; ++id)
    for (const std::string org : {"acme", "globex", "default"})
      if (one_in(random, 2))
        events.push_back(published_event(
            {.id = std::to_string(id),
             .org = org,
             .type = one_of<std::string>(random, {"reward.claimed", "user.created", "action.a.b"}),
             .data = "{\"n\":" + std::to_string(random()) + "}",
             .at = timestamp_from_unix_ms(static_cast<std::int64_t>(below(random, 1'000'000)))}));
  return events;
}

std::vector<SaidEvent> any_arrival(std::vector<SaidEvent> events, Random& random) {
  const std::size_t distinct = events.size();
  for (std::size_t i = 0; i < distinct; ++i)
    if (one_in(random, 2)) events.push_back(events[below(random, distinct)]);
  std::shuffle(events.begin(), events.end(), random);
  return events;
}

void run_in_any_batches(World& world, const std::vector<SaidEvent>& events, Random& random) {
  for (std::size_t at = 0; at < events.size();) {
    const std::size_t count = std::min(events.size() - at, 1 + below(random, 4));
    const auto first = events.begin() + static_cast<std::ptrdiff_t>(at);
    world.run_said({first, first + static_cast<std::ptrdiff_t>(count)});
    at += count;
  }
}

TEST(PublishedProperties, AllRowsAreTheSameInAnyOrderAndRepetition) {
  Random random(test_seed());
  for (int round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
    const auto published = any_published(random);
    auto events = published;
    for (const auto& event : any_other_events(random, 4))
      events.push_back({event.meta.key, stripe::understand(event)});
    World expected;
    run_in_any_batches(expected, published, random);
    const std::size_t told = expected.all<OutboxRow>().size();
    EXPECT_EQ(told, published.size());
    World world;
    run_in_any_batches(world, any_arrival(published, random), random);
    EXPECT_EQ(differences(world.rows(), expected.rows()), "");
    World beside;
    run_in_any_batches(beside, any_arrival(events, random), random);
    const auto rows = beside.rows();
    for (const auto& [key, row] : expected.rows()) {
      ASSERT_TRUE(rows.contains(key)) << key;
      EXPECT_EQ(rows.at(key), row);
    }
  }
}

}  // namespace
}  // namespace penstock::testing
