#include "tests/unit/domain/payments/confirmations.h"

#include <gtest/gtest.h>

#include "common/core/org.h"

namespace penstock::testing {

SaidEvent confirmation(const std::string& payment, const std::string& id,
                       const std::optional<std::string>& org) {
  ConfirmationFacts facts;
  facts.meta.key = make_event_key("api/" + std::string(name_of_org(org)), id.empty() ? "of_" + payment : id);
  facts.meta.id = facts.meta.key.value;
  facts.meta.type = "payment.confirmed";
  facts.meta.created = *timestamp_from_unix_seconds(1000);
  facts.meta.livemode = true;
  facts.meta.org = org;
  facts.payment = payment;
  return {facts.meta.key, Facts{facts}};
}

std::vector<std::string> look_up(World& world, std::int64_t second) {
  const Timestamp now = *timestamp_from_unix_seconds(second);
  std::vector<std::string> given_up;
  for (const auto& row : world.all<AwaitedPayment>()) {
    if (!row.next_at || *row.next_at > now) continue;
    const auto effects = world.carry_out(
        make_event_key("timer", row.id),
        [&](const View& view, Reads& reads) { name_lookup_reads(view, row.id, reads); },
        [&](const View& view) -> Result<Effects> {
          LookUp done = decide_lookup(view, row.id, now, world.policy());
          for (const auto& each : done.given_up)
            given_up.push_back(each.event.value + " " + each.why.detail.substr(0, each.why.detail.find(':')));
          return std::move(done.effects);
        });
    EXPECT_TRUE(effects);
  }
  return given_up;
}

std::vector<std::string> awaited(const World& world) {
  std::vector<std::string> payments;
  for (const auto& row : world.all<AwaitedPayment>()) {
    EXPECT_EQ(row.next_at.has_value(), !row.awaiting.empty());
    if (!row.awaiting.empty()) payments.push_back(row.id);
  }
  return payments;
}

void put_app(World& world, const std::string& slug, bool enabled) {
  const auto put = world.carry_out(
      make_event_key("admin", slug), [&](const View&, Reads& reads) { reads.want<RegisteredApp>(slug); },
      [&](const View&) -> Result<Effects> {
        Effects effects;
        effects.put(RegisteredApp{slug, enabled});
        return effects;
      });
  EXPECT_TRUE(put);
}

std::vector<OutboxRow> told_to(const World& world, const std::string& app) {
  auto rows = world.all<OutboxRow>();
  std::erase_if(rows, [&](const OutboxRow& row) { return row.app != app; });
  return rows;
}

}  // namespace penstock::testing
