#include "ingress/verify/stripe_form.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace penstock {
namespace {

TEST(StripeForm, EveryEventOfTheCorpusIsInIt) {
  const char* shared = std::getenv("PENSTOCK_SHARED_DIR");
  const std::filesystem::path folder =
      std::string(shared != nullptr ? shared : PENSTOCK_SOURCE_DIR "/../shared") + "/stripe_events";
  if (!std::filesystem::exists(folder)) {
    std::cerr << "THE CORPUS OF STRIPE EVENTS IS MISSING: " << folder << "\n";
    GTEST_SKIP();
  }
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (entry.path().extension() != ".json" || name.starts_with('_')) continue;
    std::ifstream file(entry.path());
    const std::string body((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    EXPECT_EQ(stripe_form(body), body) << name;
    ++checked;
  }
  EXPECT_GE(checked, 70);
}

TEST(StripeForm, LaysOutWhatWasMinifiedEscapedOrIndentedOtherwise) {
  const std::string form =
      "{\n  \"id\": \"évt\",\n  \"none\": {},\n  \"list\": [\n    1,\n    [],\n    {\n      \"a\": null\n    "
      "}\n  ]\n}";
  EXPECT_EQ(stripe_form(R"({"id":"évt","none":{},"list":[1,[],{"a":null}]})"), form);
  EXPECT_EQ(stripe_form(R"({"id":"\u00e9vt","none":{},"list":[1,[],{"a":null}]})"), form);
  EXPECT_EQ(stripe_form("{\t\"id\" : \"évt\", \"none\": { }, \"list\": [1, [ ], {\"a\": null}] }\r\n"), form);
  EXPECT_EQ(stripe_form(form + "\n"), form);
}

TEST(StripeForm, LeavesMembersAndNumbersAsTheyAre) {
  EXPECT_EQ(stripe_form(R"({"b":1.50,"a":true})"), "{\n  \"b\": 1.50,\n  \"a\": true\n}");
  EXPECT_EQ(stripe_form(R"("a\"\\\/\b\f\n\r\t\u0001b")"), R"("a\"\\/\b\f\n\r\t\u0001b")");
}

TEST(StripeForm, WhatIsNoJsonHasNone) {
  for (const std::string& body :
       {std::string(), std::string("not json"), std::string("{}{}"), std::string("\xff"),
        std::string(10'000, '['), std::string(R"({"a":1,"a":2})")})
    EXPECT_EQ(stripe_form(body), std::nullopt) << body.substr(0, 20);
}

}  // namespace
}  // namespace penstock
