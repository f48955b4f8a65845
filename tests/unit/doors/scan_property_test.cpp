// For every body that the strict parser accepts, the door's scan and the parser read the same event.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

#include "common/json/value.h"
#include "ingress/doors/stripe/event_summary.h"

namespace penstock {
namespace {

constexpr int kBodies = 20'000;

std::uint32_t seed() {
  const char* given = std::getenv("PENSTOCK_TEST_SEED");
  const auto chosen = given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10))
                                       : std::random_device{}();
  std::cout << "PENSTOCK_TEST_SEED=" << chosen << std::endl;
  return chosen;
}

// Bodies like Stripe's, spelled in every way that JSON allows, with members of every kind in every place.
class BodyWriter {
 public:
  explicit BodyWriter(std::uint32_t random_seed) : random_(random_seed) {}

  std::string event() {
    return object(
        {{"id", [&] { return token_or_any(); }},
         {"type", [&] { return token_or_any(); }},
         {"object", [&] { return token_or_any(); }},
         {"account", [&] { return reference(); }},
         {"created", [&] { return one_in(3) ? any(1) : std::to_string(random_() % 2'000'000'000); }},
         {"livemode", [&] { return one_in(3)   ? any(1)
                                   : one_in(2) ? "true"
                                               : "false"; }},
         {"data", [&] { return one_in(8) ? any(1) : data(); }}});
  }

 private:
  using Make = std::function<std::string()>;
  using Members = std::vector<std::pair<std::string, Make>>;

  std::string data() {
    return object({{"object", [&] { return one_in(8) ? any(1) : data_object(); }}});
  }
  std::string data_object() {
    return object({{"id", [&] { return token_or_any(); }},
                   {"payment_intent", [&] { return reference(); }},
                   {"charge", [&] { return reference(); }},
                   {"parent", [&] {
                      return object({{"subscription_details", [&] {
                                        return object({{"subscription", [&] { return reference(); }}});
                                      }}});
                    }}});
  }
  std::string reference() {
    return one_in(2) ? token_or_any() : object({{"id", [&] { return token_or_any(); }}});
  }

  // The members, some left out, in any order, with others between them.
  std::string object(Members members) {
    std::erase_if(members, [&](const auto&) { return one_in(6); });
    for (int i = 0, others = pick(3); i < others; ++i)
      members.emplace_back("x" + std::to_string(i), [&] { return any(3); });
    std::shuffle(members.begin(), members.end(), random_);
    std::string text = "{" + space();
    for (const auto& [name, make] : members) {
      if (text.find_first_not_of(" \t\r\n{") != std::string::npos) text += "," + space();
      text += string(name) + space() + ":" + space() + make() + space();
    }
    return text + "}";
  }
  std::string token_or_any() { return one_in(6) ? any(2) : string(token()); }

  std::string any(int depth) {
    switch (pick(depth > 0 ? 7 : 5)) {
      case 0:
        return "null";
      case 1:
        return one_in(2) ? "true" : "false";
      case 2:
        return number();
      case 3:
        return string("{\"id\": [\"]}, \\ and more");
      case 4:
        return string(token());
      case 5: {
        std::string text = "[" + space();
        for (int i = 0, elements = pick(4); i < elements; ++i)
          text += (i > 0 ? "," : "") + space() + any(depth - 1) + space();
        return text + "]";
      }
      default:
        return object({{"id", [this, depth] { return any(depth - 1); }},
                       {"data", [this, depth] { return any(depth - 1); }}});
    }
  }
  std::string number() {
    static const char* const kNumbers[] = {"0",    "-1", "1.5", "1e3", "-0", "12345678901234567890",
                                           "3E-2", "7"};
    return kNumbers[pick(8)];
  }
  std::string token() {
    static constexpr std::string_view kCharacters = "abcXYZ019_.:-[] /";
    std::string text = one_in(2) ? "evt_" : "";
    for (int i = 0, characters = one_in(20) ? 250 + pick(10) : pick(9); i < characters; ++i)
      text += kCharacters[static_cast<std::size_t>(pick(one_in(5) ? 17 : 13))];
    return text;
  }

  // In quotes; what may be escaped is, now and then, whether it needs that or not.
  std::string string(std::string_view characters) {
    static constexpr char kDigits[] = "0123456789abcdef";
    const bool often = one_in(8);
    std::string text = "\"";
    for (const char c : characters) {
      if (c == '"' || c == '\\')
        text.append("\\").append(1, c);
      else if (c == '/' && one_in(2))
        text += "\\/";
      else if (often && one_in(3))
        text.append("\\u00").append(1, kDigits[c >> 4]).append(1, kDigits[c & 15]);
      else
        text += c;
    }
    return text + "\"";
  }
  std::string space() {
    static const char* const kSpaces[] = {"", "", "", " ", "\n", "\t", "\r\n  "};
    return kSpaces[pick(7)];
  }

  int pick(int count) { return std::uniform_int_distribution(0, count - 1)(random_); }
  bool one_in(int count) { return pick(count) == 0; }

  std::mt19937 random_;
};

// As EventSummary takes it.
std::string token_of(json::Value value, std::string_view also_allowed = {}) {
  const std::string text(value.string().value_or(""));
  const auto allowed = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_.:-").find(c) != std::string_view::npos ||
           also_allowed.find(c) != std::string_view::npos;
  };
  return text.size() <= 255 && std::all_of(text.begin(), text.end(), allowed) ? text : "";
}

std::string reference_of(json::Value value) { return token_of(value.is_object() ? value["id"] : value); }

void expect_the_same(const EventSummary& scanned, json::Value root) {
  const json::Value object = root["data"]["object"];
  EXPECT_EQ(scanned.id, token_of(root["id"]));
  EXPECT_EQ(scanned.type, token_of(root["type"], "[]"));
  EXPECT_EQ(scanned.object, token_of(root["object"]));
  EXPECT_EQ(scanned.account, reference_of(root["account"]));
  EXPECT_EQ(scanned.livemode, root["livemode"].boolean());
  EXPECT_EQ(scanned.object_id, token_of(object["id"]));
  EXPECT_EQ(scanned.payment_intent, reference_of(object["payment_intent"]));
  EXPECT_EQ(scanned.charge, reference_of(object["charge"]));
  EXPECT_EQ(scanned.subscription, reference_of(object["parent"]["subscription_details"]["subscription"]));
}

TEST(ScanProperty, ReadsWhatTheStrictParserReads) {
  BodyWriter writer(seed());
  int accepted = 0, with_entity = 0;
  for (int i = 0; i < kBodies && !testing::Test::HasFailure(); ++i) {
    const std::string body = writer.event();
    const auto document = json::Document::parse(body);
    if (!document) continue;
    ++accepted;
    const auto scanned = summarise(body);
    ASSERT_TRUE(scanned) << body;
    expect_the_same(*scanned, document.value().root());
    with_entity += scanned->object_id.empty() ? 0 : 1;
    if (testing::Test::HasFailure()) std::cout << body << std::endl;
  }
  EXPECT_GT(accepted, kBodies / 2) << "most of them are to be accepted";
  EXPECT_GT(with_entity, kBodies / 10);
}

}  // namespace
}  // namespace penstock
