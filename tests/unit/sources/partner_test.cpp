#include "workers/sources/partners/partners.h"

#include <gmock/gmock.h>

#include "tests/unit/domain/partner_events.h"

namespace penstock {
namespace {

using ::testing::HasSubstr;
using testing::PartnerSpec;
using testing::read_partner;
using ::testing::StartsWith;

Timestamp at(std::int64_t seconds) { return *timestamp_from_unix_seconds(seconds); }

ReadEvent read_body(const std::string& body, const Headers& headers = {},
                    std::string_view source = "partner/crm", std::string_view id = "e-1") {
  const EventKey key = make_event_key(source, id);
  return Sources({partner_source()}).read({key, source, "t", at(7), body, headers});
}

template <class F>
F facts_of(const ReadEvent& read) {
  EXPECT_TRUE(read.facts) << read.facts.error().detail;
  const F* facts = read.facts ? std::get_if<F>(&read.facts.value()) : nullptr;
  EXPECT_NE(facts, nullptr);
  return facts != nullptr ? *facts : F{};
}

std::string refusal_of(const ReadEvent& read) { return read.facts ? "" : read.facts.error().detail; }

TEST(PartnerSource, ReadsUsers) {
  const auto created = read_partner(
      {.type = "user.created", .data = R"({"id":"u1","email":"a@b.c","name":"Ann"})", .id = "e-1"});
  const auto facts = facts_of<UserFacts>(created);
  EXPECT_EQ(facts.id, "u1");
  EXPECT_EQ(facts.status, UserStatus::active);
  EXPECT_EQ(facts.said, (UserAttributes{"a@b.c", "Ann"}));
  EXPECT_EQ(created.entity, "u1");
  EXPECT_EQ(created.created, at(1000));
  const auto deleted = facts_of<UserFacts>(
      read_partner({.type = "user.deleted", .data = R"({"id":"u1","email":"","name":null})"}));
  EXPECT_EQ(deleted.status, UserStatus::deleted);
  EXPECT_EQ(deleted.said, UserAttributes{});
}

TEST(PartnerSource, ReadsInvoices) {
  const auto paid = facts_of<InvoicePaymentFacts>(read_partner(
      {.type = "invoice.paid",
       .data = R"({"id":"inv_1","user_id":"u1","subscription_id":"sub_1","amount":1200,"currency":"usd"})"}));
  EXPECT_EQ(paid.outcome, InvoiceOutcome::paid);
  EXPECT_EQ(paid.said, (InvoiceAttributes{MinorUnits{1200}, "usd", "u1", "sub_1"}));
  const auto failed = facts_of<InvoicePaymentFacts>(
      read_partner({.type = "invoice.failed", .data = R"({"id":"inv_1","amount":0,"currency":"usd"})"}));
  EXPECT_EQ(failed.outcome, InvoiceOutcome::failed);
  EXPECT_EQ(failed.said.subscription, std::nullopt);
}

TEST(PartnerSource, ReadsSubscriptionsAndTrials) {
  const auto upgraded = facts_of<PlanFacts>(
      read_partner({.type = "subscription.upgraded", .data = R"({"id":"s","user_id":"u","plan":"gold"})"}));
  EXPECT_EQ(upgraded.plan, "gold");
  EXPECT_EQ(upgraded.user_id, "u");
  EXPECT_FALSE(upgraded.ends);
  EXPECT_TRUE(facts_of<PlanFacts>(
                  read_partner({.type = "subscription.canceled", .data = R"({"id":"s","plan":"gold"})"}))
                  .ends);
  for (const char* time : {R"("2025-01-01T01:00:00+01:00")", "1735689600"}) {
    const auto trial = facts_of<TrialFacts>(read_partner(
        {.type = "trial.ending", .data = std::string(R"({"id":"s","trial_end":)") + time + "}"}));
    EXPECT_EQ(trial.trial_end, at(1'735'689'600)) << time;
  }
}

// Two partners of an org may use one event id, about one object and in one second.
TEST(PartnerSource, AnEventIsLiveOfItsOrgAndKnownByItsWholeKey) {
  const PartnerSpec spec{.type = "user.created", .data = R"({"id":"u1"})", .id = "e-1"};
  const EventMeta meta = facts_of<UserFacts>(read_partner(spec)).meta;
  EXPECT_TRUE(meta.livemode);
  EXPECT_EQ(meta.org, "acme");
  EXPECT_EQ(meta.account, std::nullopt);
  EXPECT_EQ(meta.key, EventKey{"partner/crm:e-1"});
  EXPECT_EQ(meta.id, "partner/crm:e-1");
  EXPECT_EQ(meta.type, "user.created");
}

TEST(PartnerSource, TheDefaultOrgIsTheOneThatRowsDoNotName) {
  const std::string body = R"({"id":"e-1","type":"user.created","data":{"id":"u1"}})";
  EXPECT_EQ(facts_of<UserFacts>(read_body(body)).meta.org, std::nullopt);
  EXPECT_EQ(facts_of<UserFacts>(read_body(body, {{"ps_org", "default"}})).meta.org, std::nullopt);
  EXPECT_EQ(facts_of<UserFacts>(read_body(body, {{"ps_org", "o-1"}})).meta.org, "o-1");
}

TEST(PartnerSource, AnOrgThatNobodyCanBeIsNotTheDefaultOne) {
  const std::vector<std::string> none = {"", "Acme", "a:b", "a/b", "a@b", " acme", std::string(65, 'a')};
  for (const auto& org : none) {
    const auto read =
        read_body(R"({"id":"e-1","type":"user.created","data":{"id":"u1"}})", {{"ps_org", org}});
    EXPECT_THAT(refusal_of(read), HasSubstr("ps_org")) << org;
  }
}

TEST(PartnerSource, WithoutATimeOfItsOwnAnEventHasItsRecords) {
  const std::string rest = R"("id":"e-1","type":"user.created","data":{"id":"u1"}})";
  EXPECT_EQ(facts_of<UserFacts>(read_body("{" + rest)).meta.created, at(7));
  EXPECT_EQ(facts_of<UserFacts>(read_body(R"({"created":null,)" + rest)).meta.created, at(7));
  EXPECT_EQ(facts_of<UserFacts>(read_body(R"({"created":1735689600,)" + rest)).meta.created,
            at(1'735'689'600));
  EXPECT_EQ(facts_of<UserFacts>(read_body(R"({"created":"2025-01-01T00:00:00.250Z",)" + rest)).meta.created,
            at(1'735'689'600) + Milliseconds{250});
}

TEST(PartnerSource, WhatItHandlesNotIsIgnored) {
  for (const char* data : {"{}", "null", "7"}) {
    const auto read = read_partner({.type = "user.renamed", .data = data});
    EXPECT_EQ(facts_of<UnhandledFacts>(read).reason, "no_handler") << data;
  }
}

struct Wrong {
  std::string type;
  std::string data;
  std::string says;
};

TEST(PartnerSource, WrongShapesAreRefusedWithTheirPath) {
  const std::string id256(256, 'x');
  const Wrong wrong[] = {
      {"user.created", "null", "data is no object"},
      {"user.created", "[]", "data is no object"},
      {"user.created", "{}", "data.id is missing"},
      {"user.created", R"({"id":7})", "data.id is number, not string"},
      {"user.created", R"({"id":""})", "data.id is missing"},
      {"user.created", R"({"id":")" + id256 + "\"}", "data.id is longer than an id"},
      {"user.created", R"({"id":"u","email":[]})", "data.email is array, not string"},
      {"user.deleted", R"({"id":"u","name":")" + id256 + "\"}", "data.name is longer than 255 bytes"},
      {"invoice.paid", R"({"id":"i","currency":"usd"})", "data.amount is missing"},
      {"invoice.paid", R"({"id":"i","amount":1})", "data.currency is missing"},
      {"invoice.paid", R"({"id":"i","amount":-1,"currency":"usd"})", "data.amount is negative"},
      {"invoice.paid", R"({"id":"i","amount":1.5,"currency":"usd"})", "data.amount is no integer"},
      {"invoice.paid", R"({"id":"i","amount":9223372036854775808,"currency":"usd"})",
       "data.amount is no int"},
      {"invoice.failed", R"({"id":"i","amount":1,"currency":"USD"})", "data.currency is no lower-case"},
      {"invoice.failed", R"({"id":"i","amount":"1","currency":"usd"})", "data.amount is string, not number"},
      {"invoice.failed", R"({"id":"i","amount":1,"currency":"usd","user_id":{}})", "data.user_id is object"},
      {"subscription.upgraded", R"({"id":"s"})", "data.plan is missing"},
      {"subscription.canceled", R"({"plan":"p"})", "data.id is missing"},
      {"trial.ending", R"({"id":"s","trial_end":"soon"})", "data.trial_end is neither"},
      {"trial.ending", R"({"id":"s","trial_end":true})", "data.trial_end is boolean, not string"},
      {"trial.ending", R"({"id":"s","trial_end":9223372036854775807})", "data.trial_end is outside"},
  };
  for (const auto& [type, data, says] : wrong) {
    const auto read = read_partner({.type = type, .data = data});
    EXPECT_THAT(refusal_of(read), StartsWith("wrong_shape: " + says)) << type << " " << data;
  }
}

TEST(PartnerSource, ABodyThatIsNoEventIsAnErrorOfItsClass) {
  const std::pair<std::string, std::string> wrong[] = {
      {"not json", "not_json"},
      {"[]", "wrong_shape: event is no object"},
      {R"({"type":"user.created","data":{"id":"u"}})", "wrong_shape: event.id is missing"},
      {R"({"id":17,"type":"user.created","data":{"id":"u"}})", "wrong_shape: event.id is number"},
      {R"({"id":"e-1","data":{"id":"u"}})", "wrong_shape: event.type is missing"},
      {R"({"id":"e-1","type":"user.created","created":"yesterday"})",
       "wrong_shape: event.created is neither"},
      {R"({"id":"e-1","type":"user.created","created":1753463561000})", "wrong_shape: event.created is outs"},
      {R"({"id":"e-2","type":"user.created","data":{"id":"u"}})", "wrong_shape: event.id is not the one"},
      {R"({"id":"e-1","id":"e-2","type":"user.created"})", "duplicate_key"}};
  for (const auto& [body, error] : wrong) EXPECT_THAT(refusal_of(read_body(body)), StartsWith(error)) << body;
}

TEST(PartnerSource, OfAnEventThatCannotBeAppliedItTellsObjectAndTime) {
  const auto read = read_partner({.type = "invoice.paid", .data = R"({"id":"inv_1"})", .created = 77});
  ASSERT_FALSE(read.facts);
  EXPECT_EQ(read.entity, "inv_1");
  EXPECT_EQ(read.created, at(77));
}

}  // namespace
}  // namespace penstock
