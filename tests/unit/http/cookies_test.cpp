#include "common/http/server/cookies.h"

#include <gtest/gtest.h>

namespace penstock::http {
namespace {

std::string value(const std::string& fields) {
  const auto head = parse_head("GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n");
  const auto* parsed = std::get_if<RequestHead>(&head);
  EXPECT_NE(parsed, nullptr) << fields;
  return std::string(cookie(*parsed, "a").value_or("none"));
}

TEST(Cookie, IsFoundAmongOthers) {
  EXPECT_EQ(value("Cookie: a=1\r\n"), "1");
  EXPECT_EQ(value("Cookie: b=2; a=1;c\r\n"), "1");
  EXPECT_EQ(value("Cookie: b=2;a=1=2\r\n"), "1=2");
  EXPECT_EQ(value("Cookie: a=\r\n"), "");
  EXPECT_EQ(value("Cookie: b=2\r\ncookie: a=1\r\n"), "1");
}

TEST(Cookie, OfAnotherNameIsNone) {
  for (const auto* fields : {"", "Cookie: \r\n", "Cookie: ;;\r\n", "Cookie: A=1\r\n", "Cookie: aa=1\r\n",
                             "Cookie: a\r\n", "Cookie: b=a=1\r\n", "Set-Cookie: a=1\r\n"})
    EXPECT_EQ(value(fields), "none") << fields;
}

TEST(Cookie, ThatIsThereTwiceIsNone) { EXPECT_EQ(value("Cookie: a=1; b=2; a=1\r\n"), "none"); }

TEST(SetCookie, IsForThisHostAndNoScript) {
  EXPECT_EQ(set_cookie({.name = "a", .value = "1", .max_age = std::chrono::seconds(60)}),
            "a=1; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
  EXPECT_EQ(set_cookie({.name = "a", .value = "", .secure = false}),
            "a=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
}

}  // namespace
}  // namespace penstock::http
