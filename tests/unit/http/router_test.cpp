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

TEST(Router, APathWithoutAnEscapeIsHeldToTheSameRule) {
  EXPECT_EQ(found("GET", "/v1/apps/\xC3\xA9"), "/v1/apps/{slug} slug=\xC3\xA9");
  for (const char* path : {"/v1/apps/\xff", "/v1/apps/a\x01", "/v1/apps/a\x7f", "/nowhere/\xC3"})
    EXPECT_EQ(found("GET", path), "bad encoding") << path;
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

TEST(PercentDecode, AnEscapeIsTwoHexadecimalDigitsAndNothingElse) {
  constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";
  for (int first = 0; first < 256; ++first)
    for (int second = 0; second < 256; ++second) {
      const std::string digits{static_cast<char>(first), static_cast<char>(second)};
      const bool is_byte = digits.find_first_not_of(kHexDigits) == std::string::npos;
      const int byte = is_byte ? std::stoi(digits, nullptr, 16) : 0;
      // Beyond ASCII one byte is no UTF-8; below the space and at the end of ASCII there are controls.
      const bool taken = byte >= 0x20 && byte < 0x7f;
      const auto expected =
          taken ? std::optional(std::string{'a', static_cast<char>(byte), 'b'}) : std::nullopt;
      ASSERT_EQ(percent_decode("a%" + digits + "b"), expected) << first << " " << second;
    }
}

TEST(PercentDecode, WhatNeedsNoEscapeStaysAsItIs) {
  for (int byte = 0; byte < 0x80; ++byte) {
    if (byte == '%') continue;
    const std::string text{'a', static_cast<char>(byte)};
    const bool control = byte < 0x20 || byte == 0x7f;
    EXPECT_EQ(percent_decode(text), control ? std::nullopt : std::optional(text)) << byte;
  }
  EXPECT_EQ(percent_decode("\xC3\xA9"), "\xC3\xA9");
  EXPECT_EQ(percent_decode(""), "");
}

TEST(PercentDecode, EscapedOrNotTheTextMustBeUtf8InItsShortestForm) {
  for (const char* text :
       {"%C0%80", "\xC0\x80", "%C1%BF", "%E0%80%AF", "%F0%80%80%AF", "%ED%A0%80", "%80", "\xFF", "%C3"})
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
}

TEST(PercentDecode, IsDoneOnce) { EXPECT_EQ(percent_decode("%2541%252F"), "%41%2F"); }

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(ParseQuery, DecodesNamesAndValues) {
  EXPECT_EQ(parse_query(""), Pairs{});
  EXPECT_EQ(parse_query("a=1&b=x%20y+z&&c&d==&%61=%2B"),
            (Pairs{{"a", "1"}, {"b", "x y z"}, {"c", ""}, {"d", "="}, {"a", "+"}}));
}

TEST(ParseQuery, APlusIsASpaceUnlessItIsEscaped) {
  EXPECT_EQ(parse_query("a+b=+%2B+&+"), (Pairs{{"a b", " + "}, {" ", ""}}));
}

TEST(ParseQuery, SeparatorsThatAreEscapedSeparateNothing) {
  EXPECT_EQ(parse_query("a%26b%3Dc=%26%3d"), (Pairs{{"a&b=c", "&="}}));
}

TEST(ParseQuery, OneBrokenEscapeRefusesAll) {
  for (const char* query : {"a=%", "%00=1", "a=1&b=%4", "a=1&%zz", "a=%c0%80&b=1", "a=%&b"})
    EXPECT_EQ(parse_query(query), std::nullopt) << query;
}

}  // namespace
}  // namespace penstock::http
