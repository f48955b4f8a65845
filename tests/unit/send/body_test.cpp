#include "deploy/standalone/send/body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::send {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr std::string_view kFile =
    "{ \"id\":\"evt_1\" ,\n\"data\":{\"object\":{\"id\":\"po_1\",\"amount\":1.50}}}\n";

Timestamp now() { return Timestamp{Milliseconds{1'753'463'561'900}}; }

Order of_type(std::string type) {
  Order order;
  order.what = std::move(type);
  return order;
}

Order of_file(std::string_view content) {
  Order order = of_type("event.json");
  order.file = std::string(content);
  return order;
}

std::string body_of(const Order& order) {
  const auto body = make_body(order, now());
  return body ? body.value() : "error: " + body.error().detail;
}

TEST(SendBody, EachBuiltInEventHasIdsOfItsOwn) {
  const Order order = of_type("payout.paid");
  const Named first = names_in(body_of(order));
  const Named second = names_in(body_of(order));
  EXPECT_THAT(first.event, MatchesRegex("evt_[0-9a-f]{24}"));
  EXPECT_EQ(first.event.substr(4), first.object_id.substr(3));
  EXPECT_NE(first.event, second.event);
  EXPECT_NE(first.object_id, second.object_id);
}

TEST(SendBody, ChangesApplyInTurn) {
  Order order = of_type("payout.paid");
  order.changes = {
      {"/data/object/metadata/a", "{}"}, {"/data/object/metadata/a/b", "\"x\""}, {"/id", "\"evt_mine\""}};
  const auto body = body_of(order);
  EXPECT_THAT(body,
              HasSubstr("\"metadata\": {\n        \"a\": {\n          \"b\": \"x\"\n        }\n      }"));
  EXPECT_EQ(names_in(body).event, "evt_mine");
}

TEST(SendBody, AChangeThatLeadsNowhereNamesItsPointer) {
  Order order = of_type("payout.paid");
  order.changes = {{"/data/nothing/x", "1"}};
  EXPECT_THAT(body_of(order), HasSubstr("--set /data/nothing/x: "));
}

TEST(SendBody, AFileIsSentByteForByte) {
  EXPECT_EQ(body_of(of_file(kFile)), kFile);
  const std::string no_json("\0\xFF{", 3);
  EXPECT_EQ(body_of(of_file(no_json)), no_json);
  Order again = of_file(kFile);
  again.count = 3;
  again.repeat = true;
  EXPECT_EQ(body_of(again), kFile);
}

TEST(SendBody, AFileThatIsChangedKeepsTheRest) {
  Order order = of_file(kFile);
  order.changes = {{"/data/object/currency", "\"usd\""}};
  EXPECT_EQ(body_of(order),
            "{\n  \"id\": \"evt_1\",\n  \"data\": {\n    \"object\": {\n      \"id\": \"po_1\",\n"
            "      \"amount\": 1.50,\n      \"currency\": \"usd\"\n    }\n  }\n}");
}

TEST(SendBody, SeveralOfOneFileHaveIdsOfTheirOwn) {
  Order order = of_file(kFile);
  order.count = 2;
  const Named first = names_in(body_of(order));
  const Named second = names_in(body_of(order));
  EXPECT_THAT(first.event, MatchesRegex("evt_1[0-9a-f]{8}"));
  EXPECT_EQ(first.event.substr(5), first.object_id.substr(4));
  EXPECT_NE(first.event, second.event);
}

TEST(SendBody, WhatIsNoJsonCannotBeChanged) {
  Order changed = of_file("no JSON");
  changed.changes = {{"/id", "1"}};
  EXPECT_THAT(body_of(changed), HasSubstr("event.json: not_json"));
  Order several = of_file("no JSON");
  several.count = 2;
  EXPECT_THAT(body_of(several), HasSubstr("event.json: not_json"));
}

TEST(SendBody, ModeAndAccountAreAmongTheNames) {
  const Named named = names_in(R"({"id":"evt_1","livemode":false,"account":"acct_1"})");
  EXPECT_EQ(named.livemode, false);
  EXPECT_EQ(named.account, "acct_1");
  EXPECT_EQ(names_in(R"({"id":"evt_1"})").livemode, std::nullopt);
}

TEST(SendBody, APartnersObjectIsItsData) {
  const Named named = names_in(R"({"id":"e-17","type":"user.created","data":{"id":"u-1","email":"a@b.c"}})");
  EXPECT_EQ(named.event, "e-17");
  EXPECT_EQ(named.object_id, "u-1");
  EXPECT_EQ(named.object, "");
}

TEST(SendBody, NamesOfWhatIsNoEventAreEmpty) {
  EXPECT_EQ(names_in("no JSON").event, "");
  EXPECT_EQ(names_in("[]").object_id, "");
  EXPECT_EQ(names_in(R"({"id":5,"data":null})").event, "");
}

}  // namespace
}  // namespace penstock::send
