#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deploy/standalone/send/http_client.h"

namespace penstock::send {
namespace {

TEST(HttpUrl, TakesHostPortAndPath) {
  const auto url = parse_http_url("http://127.0.0.1:8080/v1/webhook/stripe?x=1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url.value().address, (Address{"127.0.0.1", 8080}));
  EXPECT_EQ(url.value().target, "/v1/webhook/stripe?x=1");
}

TEST(HttpUrl, WhatIsLeftOutIsPort80AndTheRoot) {
  for (const char* text : {"http://host", "http://host/", "http://host:80"}) {
    const auto url = parse_http_url(text);
    ASSERT_TRUE(url) << text;
    EXPECT_EQ(url.value().address, (Address{"host", 80})) << text;
    EXPECT_EQ(url.value().target, "/") << text;
  }
  EXPECT_EQ(parse_http_url("http://[::1]").value().address, (Address{"::1", 80}));
  EXPECT_EQ(parse_http_url("http://[::1]:81?a").value().target, "/?a");
}

TEST(HttpUrl, HttpsIsSaidNotToBeSpoken) {
  const auto url = parse_http_url("https://example.org/v1/webhook/stripe");
  ASSERT_FALSE(url);
  EXPECT_THAT(url.error().detail, ::testing::HasSubstr("plain HTTP"));
}

TEST(PathSegment, HoldsWhatever) {
  EXPECT_EQ(path_segment("acme-1.x_~"), "acme-1.x_~");
  EXPECT_EQ(path_segment("a/b?c#d e%\xc3\xa9"), "a%2fb%3fc%23d%20e%25%c3%a9");
}

TEST(HttpUrl, RefusesWhatNoRequestCanCarry) {
  for (const char* text :
       {"", "host:80", "ftp://host", "http://", "http://:80", "http://host:0", "http://host:x",
        "http://user@host/", "http://host/a b", "http://host/\r\nX: y", "http://host/#a"})
    EXPECT_FALSE(parse_http_url(text)) << text;
}

}  // namespace
}  // namespace penstock::send
