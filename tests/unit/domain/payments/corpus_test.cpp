// Every body of the corpus goes through the domain, and its sequences end the same in every order.
#include <gmock/gmock.h>

#include <algorithm>
#include <iostream>

#include "tests/unit/domain/payments/payment_events.h"

namespace penstock::testing {
namespace {

using ::testing::AnyOf;
using ::testing::IsEmpty;

// Thin events and the envelopes of event destinations are no snapshot events:
// ingress and worker keep them away.
bool is_snapshot(const json::Document& body) { return body.root()["object"].string() == "event"; }

const Scope kTestMode{.livemode = false};

class Corpus : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto index = corpus_body("_index.json");
    if (!index) {
      std::cout << "THE EVENT CORPUS IS MISSING: set PENSTOCK_STRIPE_EVENTS to its folder" << std::endl;
      GTEST_SKIP();
    }
    index_ = json::Document::parse(*index).value();
  }

  static Event load(const std::string& file) {
    auto body = json::Document::parse(corpus_body(file).value()).value();
    const auto key = make_event_key("stripe", body.root()["id"].string().value());
    return stripe::read_event(key, std::move(body)).value();
  }

  std::vector<Event> snapshots() const {
    std::vector<Event> events;
    const json::Value files = index_.root();
    for (json::Value v = files.first(); !v.absent(); v = files.next(v)) {
      const std::string file(v["file"].string().value());
      if (is_snapshot(json::Document::parse(corpus_body(file).value()).value())) events.push_back(load(file));
    }
    return events;
  }

  static Payment payment_after(const std::string& file) {
    World world;
    const Event event = load(file);
    EXPECT_EQ(world.run(event), Outcome::applied) << file;
    return payment(world, std::string(event.object()["id"].string().value()), event.meta.scope()).value();
  }

  json::Document index_;
};

TEST_F(Corpus, NoSnapshotEventIsAnError) {
  const auto events = snapshots();
  EXPECT_GE(events.size(), 60U);
  World together;
  for (const auto& event : events) {
    World alone;
    EXPECT_THAT(alone.run(event), AnyOf(Outcome::applied, Outcome::ignored))
        << event.meta.type << alone.error();
    EXPECT_NE(together.run(event), Outcome::parked) << event.meta.type << together.error();
  }
  together.expect_balanced();
}

TEST_F(Corpus, AllEventsTogetherEndTheSameBackwards) {
  auto events = snapshots();
  World forwards;
  World backwards;
  for (const auto& event : events) forwards.run(event);
  std::reverse(events.begin(), events.end());
  for (const auto& event : events) backwards.run(event);
  EXPECT_EQ(forwards.state(), backwards.state());
}

TEST_F(Corpus, SequencesEndTheSameInEveryOrder) {
  const auto sequences = json::Document::parse(corpus_body("_sequences.json").value()).value();
  const json::Value all = sequences.root();
  for (json::Value sequence = all.first(); !sequence.absent(); sequence = all.next(sequence)) {
    SCOPED_TRACE(sequence["name"].string().value());
    std::vector<std::string> files;
    const json::Value list = sequence["files"];
    for (json::Value v = list.first(); !v.absent(); v = list.next(v)) files.emplace_back(*v.string());
    std::sort(files.begin(), files.end());
    std::optional<std::map<std::string, std::string>> expected;
    do {
      World world;
      for (const auto& file : files) EXPECT_NE(world.run(load(file)), Outcome::parked) << world.error();
      if (!expected) expected = world.state();
      EXPECT_EQ(world.state(), *expected);
    } while (std::next_permutation(files.begin(), files.end()));
  }
}

TEST_F(Corpus, PaymentsSayWhatTheReadmeSays) {
  EXPECT_EQ(payment_after("checkout.session.completed.payment_paid.basil.json").status, PaymentStatus::paid);
  EXPECT_EQ(payment_after("checkout.session.completed.payment_paid.2020-08-27.json").status,
            PaymentStatus::paid);
  EXPECT_EQ(payment_after("checkout.session.completed.payment_unpaid_sepa.basil.json").status,
            PaymentStatus::processing);
  EXPECT_EQ(payment_after("checkout.session.async_payment_succeeded.basil.json").status, PaymentStatus::paid);
  EXPECT_EQ(payment_after("checkout.session.async_payment_failed.basil.json").status, PaymentStatus::failed);
  EXPECT_EQ(payment_after("checkout.session.expired.basil.json").status, PaymentStatus::expired);
  EXPECT_EQ(payment_after("checkout.session.completed.setup.legacy_minimal.json").status,
            PaymentStatus::paid);
  EXPECT_EQ(payment_after("payment_intent.payment_failed.dahlia.json").status, PaymentStatus::failed);
  EXPECT_EQ(payment_after("charge.refunded.2020-08-27.json").status, PaymentStatus::refunded);
  EXPECT_EQ(payment_after("checkout.session.completed.connect_account_context.clover.json").account,
            "acct_aqFz7Pn2bXNj0jvb");
}

TEST_F(Corpus, AmountsOfEveryCurrencyAreUnchanged) {
  const auto amount_after = [](const std::string& file) { return payment_after(file).amount->value; };
  EXPECT_EQ(amount_after("checkout.session.completed.jpy_zero_decimal.basil.json"), 500);
  EXPECT_EQ(amount_after("payment_intent.succeeded.kwd.dahlia.json"), 5120);
  EXPECT_EQ(amount_after("payment_intent.succeeded.isk.dahlia.json"), 500);
  EXPECT_EQ(amount_after("payment_intent.succeeded.ugx.dahlia.json"), 500);
  EXPECT_EQ(amount_after("payment_intent.succeeded.clp.dahlia.json"), 500);
}

TEST_F(Corpus, RefundsAndDisputesOfOneChargeMeetInOnePayment) {
  World world;
  for (const auto* file :
       {"charge.refunded.full.dahlia.json", "charge.dispute.created.needs_response.dahlia.json",
        "charge.refunded.partial.dahlia.json", "charge.dispute.created.already_lost.dahlia.json"})
    world.run(load(file));
  const auto found = payment(world, "pi_1fskylvSiwYLPfXucDyBZXj3", kTestMode);
  EXPECT_EQ(found, payment(world, "ch_1sNAmCiflZSVSHE0tXeHstoR", kTestMode));
  EXPECT_EQ(found->status, PaymentStatus::refunded);
  EXPECT_EQ(found->amount_refunded, MinorUnits{3000});
  EXPECT_EQ(found->dispute, "needs_response");  // the greater id of two disputes of one second
}

TEST_F(Corpus, ChargeThatSeveralIntentsNameCountsForOne) {
  World world;
  for (const auto* file :
       {"payment_intent.succeeded.jpy.dahlia.json", "payment_intent.succeeded.kwd.dahlia.json"})
    world.run(load(file));
  EXPECT_EQ(payment(world, "pi_1bXEmINHQqOEaCDBXobx8QHh", kTestMode)->charge, "ch_1l2nEzNMCwffz459qDLWB6mU");
  EXPECT_EQ(payment(world, "pi_1wapp4AZu2eBs5x1FTQFGueW", kTestMode)->status, PaymentStatus::paid);
}

}  // namespace
}  // namespace penstock::testing
