#include "deploy/standalone/send/effect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::send {
namespace {

using ::testing::EndsWith;

std::string reading(const Named& sent) { return reading_commands(Settings{}, sent).front(); }

TEST(ReadingCommands, LeadToTheRowOfTheEventsModeAndAccount) {
  Named sent{.event = "evt_1", .type = "payout.paid", .object = "payout", .object_id = "po_1"};
  EXPECT_THAT(reading(sent), EndsWith("/v1/payouts/po_1"));
  sent.account = "acct_&1";
  EXPECT_THAT(reading(sent), EndsWith("/v1/payouts/po_1?account=acct_%261'"));
  sent.livemode = false;
  EXPECT_THAT(reading(sent), EndsWith("/v1/payouts/po_1?livemode=false&account=acct_%261'"));
}

TEST(ReadingCommands, AnAccountHasNoAccountOfItsOwn) {
  const Named sent{.event = "evt_1",
                   .type = "account.updated",
                   .object = "account",
                   .object_id = "acct_1",
                   .livemode = true,
                   .account = "acct_1"};
  EXPECT_THAT(reading(sent), EndsWith("/v1/accounts/acct_1?livemode=true'"));
}

TEST(ReadingCommands, AnEventIsFoundByItsScopeWhereThatIsKnown) {
  Named sent;
  sent.event = "e 17";
  EXPECT_THAT(reading(sent), EndsWith("/v1/events/stripe:e%2017"));
  sent.scope = "partner/acme";
  EXPECT_THAT(reading(sent), EndsWith("/v1/events/partner%2facme:e%2017"));
  sent.scope = "";
  EXPECT_THAT(reading(sent), EndsWith("/v1/events/e%2017"));
}

}  // namespace
}  // namespace penstock::send
