#include "common/json/pointer.h"

#include <gtest/gtest.h>

namespace penstock::json {
namespace {

// The value that the pointer leads to; "-" for none, "?" where it is no pointer.
std::string at(std::string_view text, std::string_view pointer) {
  const auto document = Document::parse(text);
  const auto names = parse_pointer(pointer);
  if (!names) return "?";
  const Value found = find(document.value().root(), names.value());
  return found.absent() ? "-" : canonical(found);
}

TEST(JsonPointer, LeadsToMembersAndElements) {
  constexpr std::string_view kText = R"({"a":{"b":[10,{"c":null}]},"x/y":1,"m~n":2,"":3,"0":4})";
  EXPECT_EQ(at(kText, "/a/b/0"), "10");
  EXPECT_EQ(at(kText, "/a/b/1/c"), "null");
  EXPECT_EQ(at(kText, "/x~1y"), "1");
  EXPECT_EQ(at(kText, "/m~0n"), "2");
  EXPECT_EQ(at(kText, "/"), "3");
  EXPECT_EQ(at(kText, "/0"), "4");
  EXPECT_EQ(at("7", ""), "7");
}

TEST(JsonPointer, LeadsNowhereWithoutAWord) {
  constexpr std::string_view kText = R"({"a":[1,2],"s":"text"})";
  for (const char* pointer :
       {"/b", "/a/2", "/a/01", "/a/-", "/a/x", "/s/0", "/a/0/0", "/a/18446744073709551616"})
    EXPECT_EQ(at(kText, pointer), "-") << pointer;
}

TEST(JsonPointer, WhatIsNoneIsRefused) {
  for (const char* pointer : {"a", "a/b", "/~", "/~2", "/a~"}) EXPECT_EQ(at("{}", pointer), "?") << pointer;
}

}  // namespace
}  // namespace penstock::json
