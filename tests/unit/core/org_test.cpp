#include "common/core/org.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Orgs, ANameIsOneTo64OfAFewCharacters) {
  for (const std::string name : {"a", "0", "acme", "o-1_2", "-", "default"})
    EXPECT_TRUE(is_org_name(name)) << name;
  EXPECT_TRUE(is_org_name(std::string(64, 'z')));
  EXPECT_FALSE(is_org_name(""));
  EXPECT_FALSE(is_org_name(std::string(65, 'z')));
  for (const std::string name : {"A", "a b", "a:", "a/b", "a@b", "a.b", "a%", "\xC3\xA4", "a\n"})
    EXPECT_FALSE(is_org_name(name)) << name;
  EXPECT_FALSE(is_org_name(std::string_view("a\0", 2)));
}

TEST(Orgs, TheDefaultOneIsTheOneThatRowsDoNotName) {
  EXPECT_EQ(org_of_name("default"), std::nullopt);
  EXPECT_EQ(org_of_name("acme"), "acme");
  for (const std::string name : {"default", "acme"}) EXPECT_EQ(name_of_org(org_of_name(name)), name);
}

}  // namespace
}  // namespace penstock
