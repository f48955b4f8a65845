#include "ingress/signin/return_to.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

TEST(IsLocalPath, TakesPathsOfTheApp) {
  for (const auto* path :
       {"/", "/dashboard", "/orders?page=2&sort=-created#top", "/a/b/../c", "/a//b", "/@user",
        "/search?next=%2Fa%2Fb%3Fq%25", "/%C3%BCber/uns", "/a%20b", "/a:b", "/#//x", "/?//x"})
    EXPECT_TRUE(is_local_path(path)) << path;
  EXPECT_TRUE(is_local_path("/" + std::string(kReturnToBytesMax - 1, 'a')));
}

TEST(IsLocalPath, RefusesWhatMayLeadElsewhere) {
  for (const std::string path :
       {"", "dashboard", "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example",
        "\\\\evil.example", "https://evil.example", "https:evil.example", "javascript:alert(1)", "?x", "#x",
        "./x", "../x", "@evil.example", ".evil.example", ":80/", " /x", "%2f%2fevil.example"})
    EXPECT_FALSE(is_local_path(path)) << path;
}

TEST(IsLocalPath, RefusesWhatIsReadInSeveralWays) {
  using namespace std::string_literals;
  for (const std::string& path : {"/\t/evil.example"s,
                                  "/a\r\nSet-Cookie: x=y"s,
                                  "/a\n"s,
                                  "/a\0b"s,
                                  "/a b"s,
                                  "/\x7f"s,
                                  "/\xc3\xbc"s,
                                  "/a\\b"s,
                                  "/%2f/evil.example"s,
                                  "/%2Fevil.example"s,
                                  "/%5cevil.example"s,
                                  "/%5Cevil.example"s,
                                  "/%0d%0aX: y"s,
                                  "/%00"s,
                                  "/%09/evil"s,
                                  "/%7f"s,
                                  "/%252f/evil.example"s,
                                  "/%"s,
                                  "/%2"s,
                                  "/%zz"s,
                                  "/?q=a\\b"s})
    EXPECT_FALSE(is_local_path(path)) << path;
  EXPECT_FALSE(is_local_path("/" + std::string(kReturnToBytesMax, 'a')));
}

}  // namespace
}  // namespace penstock
