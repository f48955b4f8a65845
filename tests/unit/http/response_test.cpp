#include "common/http/server/response.h"

#include <gtest/gtest.h>

namespace penstock::http {
namespace {

constexpr Framing kFraming{true, true, {0x0123456789abcdef, 17}, "Sun, 06 Nov 1994 08:49:37 GMT"};

std::string text_of(const Response& response, const Framing& framing = kFraming) {
  std::string out;
  append_response(out, response, framing);
  return out;
}

TEST(Response, IsFramedByItsLength) {
  EXPECT_EQ(text_of({.status = 200, .body = "{}", .headers = {{"Retry-After", "5"}}}),
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: application/json\r\n"
            "Content-Length: 2\r\nConnection: keep-alive\r\nX-Request-Id: 0123456789abcdef-17\r\n"
            "Retry-After: 5\r\n\r\n{}");
}

TEST(Response, HeadGetsTheLengthButNoBody) {
  auto framing = kFraming;
  framing.with_body = false;
  const auto text = text_of({.body = "12345"}, framing);
  EXPECT_NE(text.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

TEST(Response, ProblemsAreEnvelopes) {
  auto response = problem(400, "invalid", "no \"limit\"");
  response.problem->fields = {{"/limit", "not a number"}};
  EXPECT_TRUE(
      text_of(response).ends_with("\r\n\r\n{\"error\":{\"type\":\"invalid\",\"message\":\"no "
                                  "\\\"limit\\\"\",\"request_id\":\"0123456789abcdef-17\","
                                  "\"fields\":{\"/limit\":\"not a number\"}}}"));
}

TEST(Response, ControlCharactersInAHeaderAreNeverSent) {
  for (const char* value : {"a\r\nSet-Cookie: b", "a\nb", "a\x01"}) {
    const auto text = text_of({.status = 302, .headers = {{"Location", value}}});
    EXPECT_TRUE(text.starts_with("HTTP/1.1 500 "));
    EXPECT_NE(text.find("\r\nX-Request-Id: 0123456789abcdef-17\r\n"), std::string::npos);
    EXPECT_EQ(text.find("Location"), std::string::npos);
  }
}

TEST(Response, EveryRefusalHasItsAnswer) {
  for (std::size_t i = 0; i < kRefusals; ++i) {
    const auto response = refusal_response(static_cast<Refusal>(i));
    EXPECT_GE(response.status, 400);
    ASSERT_TRUE(response.problem);
    EXPECT_EQ(response.headers.size(), response.status == 503 || response.status == 429 ? 1U : 0U);
  }
}

TEST(ImfFixdate, IsTheExampleOfRfc9110) {
  EXPECT_EQ(imf_fixdate(std::chrono::sys_seconds{std::chrono::seconds{784111777}}),
            "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace penstock::http
