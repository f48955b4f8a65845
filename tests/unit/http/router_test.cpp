#include "common/http/server/router.h"

#include <gtest/gtest.h>

#include "common/http/server/uri.h"

namespace penstock::http {
namespace {

Route route(std::string_view method, std::string pattern) {
  return {
      .method = method, .pattern = std::move(pattern), .name = "r", .handler = [](Request&&, Responder) {}};
}

const Router& router() {
  static const Router instance({route("GET", "/v1/events/{key}"), route("PUT", "/v1/apps/{slug}"),
                                route("GET", "/v1/apps/{slug}"), route("POST", "/v1/events/{key}/replay"),
                                route("GET", "/v1/events/newest"), route("GET", "/")});
  return instance;
}

// "pattern name=value ..." of the match, or what became of it.
std::string found(std::string_view method, std::string_view path) {
  const auto result = router().find(method, path);
  if (std::holds_alternative<Router::NotFound>(result)) return "not found";
  if (std::holds_alternative<Router::BadEncoding>(result)) return "bad encoding";
  if (const auto* refused = std::get_if<Router::MethodNotAllowed>(&result)) return "allow " + refused->allow;
  const auto& match = std::get<Router::Match>(result);
  std::string text = router().routes()[match.route].pattern;
  for (const auto& [name, value] : match.parameters) text.append(" ").append(name).append("=").append(value);
  return text;
}

TEST(Router, FindsLiteralsAndParameters) {
  EXPECT_EQ(found("GET", "/"), "/");
  EXPECT_EQ(found("GET", "/v1/events/stripe:evt_1"), "/v1/events/{key} key=stripe:evt_1");
  EXPECT_EQ(found("POST", "/v1/events/e/replay"), "/v1/events/{key}/replay key=e");
}

TEST(Router, ALiteralWinsOverAParameter) {
  EXPECT_EQ(found("GET", "/v1/events/newest"), "/v1/events/newest");
}

TEST(Router, AnEscapedSlashStaysInItsSegment) {
  EXPECT_EQ(found("GET", "/v1/events/partner%2Facme:e-17"), "/v1/events/{key} key=partner/acme:e-17");
}

TEST(Router, PathsAreNotTidiedUp) {
  for (const char* path :
       {"/v1/events", "/v1/events/", "/v1//events/e", "/v1/events/e/", "/v1/x/../events/e", "/V1/events/e"})
    EXPECT_EQ(found("GET", path), "not found") << path;
}

TEST(Router, OtherMethodsAreNamed) {
  EXPECT_EQ(found("DELETE", "/v1/apps/a"), "allow PUT, GET, HEAD");
  EXPECT_EQ(found("GET", "/v1/events/e/replay"), "allow POST");
  EXPECT_EQ(found("BREW", "/"), "allow GET, HEAD");
  EXPECT_EQ(found("get", "/"), "allow GET, HEAD");
}

TEST(Router, GetAnswersHead) { EXPECT_EQ(found("HEAD", "/v1/apps/a"), "/v1/apps/{slug} slug=a"); }

TEST(Router, BrokenEscapesAreRefused) {
  for (const char* path : {"/v1/apps/%", "/v1/apps/%4", "/v1/apps/%zz", "/v1/apps/%00", "/v1/apps/%0a",
                           "/v1/apps/%ff", "/v1/apps/%c0%80", "/v1/apps/%ed%a0%80", "/nowhere/%"})
    EXPECT_EQ(found("GET", path), "bad encoding") << path;
}

TEST(PercentDecode, TakesUtf8) {
  EXPECT_EQ(percent_decode("%C3%a9+%25"), "\xC3\xA9+%");
  EXPECT_EQ(percent_decode("%F0%9F%98%80"), "\xF0\x9F\x98\x80");
  EXPECT_EQ(percent_decode("%F5%80%80%80"), std::nullopt);
  EXPECT_EQ(percent_decode("%E2%82"), std::nullopt);
}

TEST(ParseQuery, DecodesNamesAndValues) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(parse_query(""), Pairs{});
  EXPECT_EQ(parse_query("a=1&b=x%20y+z&&c&d==&%61=%2B"),
            (Pairs{{"a", "1"}, {"b", "x y z"}, {"c", ""}, {"d", "="}, {"a", "+"}}));
  EXPECT_EQ(parse_query("a=%"), std::nullopt);
  EXPECT_EQ(parse_query("%00=1"), std::nullopt);
}

}  // namespace
}  // namespace penstock::http
