#include "workers/domain/users/users.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/domain/partner_events.h"

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;

PartnerSpec created(std::string data, std::int64_t at = 1000) {
  return {.type = "user.created", .data = std::move(data), .created = at};
}
PartnerSpec deleted(std::string data, std::int64_t at = 1000) {
  return {.type = "user.deleted", .data = std::move(data), .created = at};
}

SaidEvent signed_in(const std::string& id, Identity identity, UserAttributes said = {},
                    std::int64_t at = 1000) {
  UserFacts facts;
  facts.meta.key = {"auth:" + id + identity.provider + identity.subject + std::to_string(at)};
  facts.meta.id = facts.meta.key.value;
  facts.meta.type = "user.signed_in";
  facts.meta.created = *timestamp_from_unix_seconds(at);
  facts.meta.livemode = true;
  facts.id = id;
  facts.rank = 1;
  facts.said = std::move(said);
  facts.identity = std::move(identity);
  return {facts.meta.key, Facts(facts)};
}

User user(const World& world, const std::string& org = "acme") {
  const auto row = world.find<User>("u1", scope_of_org(org));
  CHECK(row.has_value());
  return *row;
}

std::vector<std::string> told(const World& world) {
  std::vector<std::string> types;
  for (const auto& row : world.all<OutboxRow>()) types.push_back(row.org + " " + row.type);
  std::sort(types.begin(), types.end());
  return types;
}

// Runs the events in every order, each twice; the rows must end the same.
User same_in_every_order(std::vector<SaidEvent> events) {
  std::vector<std::size_t> order(events.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::optional<User> first;
  do {
    World world;
    for (const auto i : order) world.run(events[i]);
    for (const auto i : order) EXPECT_EQ(world.run(events[i]), Outcome::duplicate);
    const auto rows = world.all<User>();
    CHECK(rows.size() == 1);
    if (!first) first = rows.front();
    EXPECT_EQ(rows.front(), *first);
  } while (std::next_permutation(order.begin(), order.end()));
  return *first;
}

TEST(Users, ACreatedUserIsActiveAndTold) {
  World world;
  EXPECT_EQ(world.run(partner_event(created(R"({"id":"u1","email":"a@b.c","name":"Ann"})"))),
            Outcome::applied);
  EXPECT_EQ(user(world).status, UserStatus::active);
  EXPECT_EQ(user(world).email, "a@b.c");
  EXPECT_EQ(user(world).key, "live@acme:u1");
  EXPECT_THAT(world.touched(), ElementsAre(TouchedRow{"users", "u1"}));
  EXPECT_THAT(told(world), ElementsAre("acme user.created"));
  EXPECT_EQ(world.all<OutboxRow>().front().data,
            R"({"id":"u1","email":"a@b.c","name":"Ann","status":"active","identities":[]})");
}

TEST(Users, DeletedIsTerminal) {
  const User row = same_in_every_order({partner_event(created(R"({"id":"u1","name":"Ann"})", 1000)),
                                        partner_event(deleted(R"({"id":"u1"})", 1001)),
                                        partner_event(created(R"({"id":"u1","name":"Anna"})", 1002))});
  EXPECT_EQ(row.status, UserStatus::deleted);
  EXPECT_EQ(row.name, "Anna") << "what comes later still says what it says";
}

TEST(Users, ALateCreatedRevivesNobodyAndIsNotTold) {
  World world;
  EXPECT_EQ(world.run(partner_event(deleted(R"({"id":"u1"})", 1001))), Outcome::applied);
  EXPECT_EQ(world.run(partner_event(created(R"({"id":"u1"})", 1000))), Outcome::stale);
  EXPECT_EQ(user(world).status, UserStatus::deleted);
  EXPECT_THAT(told(world), ElementsAre("acme user.deleted"));
}

TEST(Users, EachIsToldOnceHoweverManyEventsSayIt) {
  World world;
  world.run(partner_event(created(R"({"id":"u1"})", 1000)));
  EXPECT_EQ(world.run(partner_event(created(R"({"id":"u1"})", 1001))), Outcome::duplicate);
  EXPECT_EQ(world.run(partner_event(created(R"({"id":"u1","name":"Ann"})", 1002))), Outcome::applied);
  world.run(partner_event(deleted(R"({"id":"u1"})", 1003)));
  world.run(partner_event(deleted(R"({"id":"u1"})", 1004)));
  EXPECT_THAT(told(world), ElementsAre("acme user.created", "acme user.deleted"));
}

TEST(Users, NewestSaysAndWhatItLeavesOutStays) {
  const User row = same_in_every_order(
      {partner_event(created(R"({"id":"u1","email":"old@b.c","name":"Ann"})", 1000)),
       partner_event(created(R"({"id":"u1","email":"new@b.c"})", 1002)),
       partner_event(created(R"({"id":"u1","email":"between@b.c","name":"Anna"})", 1001))});
  EXPECT_EQ(row.email, "new@b.c");
  EXPECT_EQ(row.name, "Anna");
}

TEST(Users, AnOlderEventThatTellsNothingNewIsStale) {
  World world;
  world.run(partner_event(created(R"({"id":"u1","name":"Anna"})", 1001)));
  EXPECT_EQ(world.run(partner_event(created(R"({"id":"u1","name":"Ann"})", 1000))), Outcome::stale);
  EXPECT_EQ(user(world).name, "Anna");
}

TEST(Users, OneIdInTwoOrgsIsTwoUsers) {
  World world;
  PartnerSpec here = created(R"({"id":"u1","name":"Ann"})"), there = created(R"({"id":"u1","name":"Bob"})");
  there.org = "default";
  there.partner = "erp";
  world.run_said({partner_event(here), partner_event(there)});
  PartnerSpec gone = deleted(R"({"id":"u1"})", 1001);
  world.run(partner_event(gone));
  EXPECT_EQ(user(world).status, UserStatus::deleted);
  EXPECT_EQ(user(world, "default").status, UserStatus::active);
  EXPECT_EQ(user(world, "default").name, "Bob");
  EXPECT_EQ(user(world, "default").key, "live:u1");
  EXPECT_THAT(told(world), ElementsAre("acme user.created", "acme user.deleted", "default user.created"));
  EXPECT_EQ(world.all<OutboxRow>().size(), 3U) << "their ids differ";
}

// Two partners of an org are two voices about one user, whatever they call their events.
TEST(Users, TwoPartnersOfAnOrgMayUseOneEventId) {
  PartnerSpec crm = created(R"({"id":"u1","name":"Ann"})"), erp = created(R"({"id":"u1","name":"Bob"})");
  crm.id = erp.id = "e-1";
  erp.partner = "erp";
  EXPECT_EQ(same_in_every_order({partner_event(crm), partner_event(erp)}).name, "Bob")
      << "of one second, by the whole key";
}

TEST(SignIns, MakeTheUserAndAddTheIdentity) {
  World world;
  EXPECT_EQ(world.run(signed_in("u1", {"github", "17"}, {"a@b.c", "Ann"})), Outcome::applied);
  EXPECT_EQ(user(world, "default").email, "a@b.c");
  EXPECT_THAT(user(world, "default").identities, ElementsAre(Identity{"github", "17"}));
  EXPECT_THAT(told(world), ElementsAre("default user.created"));
  EXPECT_EQ(world.run(signed_in("u1", {"github", "17"}, {}, 1001)), Outcome::duplicate);
}

TEST(SignIns, ManyIdentitiesAreASetInAnyOrder) {
  const User row =
      same_in_every_order({signed_in("u1", {"google", "b"}), signed_in("u1", {"github", "17"}),
                           signed_in("u1", {"google", "a"}), signed_in("u1", {"github", "17"}, {}, 1001)});
  EXPECT_THAT(row.identities,
              ElementsAre(Identity{"github", "17"}, Identity{"google", "a"}, Identity{"google", "b"}));
}

TEST(SignIns, ReviveNobody) {
  PartnerSpec gone = deleted(R"({"id":"u1"})", 900);
  gone.org = "default";
  const User row = same_in_every_order({partner_event(gone), signed_in("u1", {"github", "17"})});
  EXPECT_EQ(row.status, UserStatus::deleted);
  EXPECT_EQ(row.identities.size(), 1U);
}

TEST(SignIns, AUserKeepsTheFirstHundredIdentitiesInTheirOrder) {
  World rising, falling;
  for (std::size_t i = 0; i <= kIdentitiesMax; ++i) {
    rising.run(signed_in("u1", {"p", std::to_string(1000 + i)}));
    falling.run(signed_in("u1", {"p", std::to_string(1000 + kIdentitiesMax - i)}));
  }
  const auto kept = user(rising, "default").identities;
  EXPECT_EQ(kept.size(), kIdentitiesMax);
  EXPECT_EQ(kept.front().subject, "1000");
  EXPECT_EQ(kept, user(falling, "default").identities);
}

}  // namespace
}  // namespace penstock::testing
