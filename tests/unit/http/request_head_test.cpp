#include "common/http/server/request_head.h"

#include <gtest/gtest.h>

namespace penstock::http {
namespace {

using Parsed = std::variant<NeedMore, Refusal, RequestHead>;

RequestHead accepted(std::string_view text) {
  auto parsed = parse_head(text);
  if (const auto* refusal = std::get_if<Refusal>(&parsed))
    ADD_FAILURE() << text << ": " << to_string(*refusal);
  return std::holds_alternative<RequestHead>(parsed) ? std::get<RequestHead>(std::move(parsed))
                                                     : RequestHead{};
}

std::string verdict(std::string_view text) {
  const auto parsed = parse_head(text);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return std::string(to_string(*refusal));
  return std::holds_alternative<NeedMore>(parsed) ? "need_more" : "accepted";
}

std::string post(std::string_view fields) {
  return "POST /x HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

TEST(RequestHead, KeepsWhatWasSent) {
  const auto head = accepted(
      "POST /v1/webhook/stripe?a=b&c HTTP/1.1\r\nHost: example.com:8080\r\ncontent-LENGTH: 12\r\n"
      "Stripe-Signature:  t=1,v1=2 \r\nX-Empty:\r\nx-twice: 1\r\nX-Twice: 2\r\n\r\nbody");
  EXPECT_EQ(head.method(), "POST");
  EXPECT_EQ(head.target(), "/v1/webhook/stripe?a=b&c");
  EXPECT_EQ(head.path(), "/v1/webhook/stripe");
  EXPECT_EQ(head.query(), "a=b&c");
  EXPECT_EQ(head.content_length, 12U);
  EXPECT_EQ(head.field("stripe-signature"), "t=1,v1=2");
  EXPECT_EQ(head.field("X-Empty"), "");
  EXPECT_EQ(head.field("X-Absent"), std::nullopt);
  EXPECT_EQ(head.field_values("X-TWICE"), (std::vector<std::string_view>{"1", "2"}));
  EXPECT_TRUE(head.text.ends_with("X-Twice: 2\r\n\r\n"));
}

TEST(RequestHead, EveryBeginningNeedsMore) {
  const std::string whole = post("Content-Length: 5\r\n");
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
    EXPECT_EQ(verdict(std::string_view(whole).substr(0, bytes)), "need_more") << bytes;
  EXPECT_EQ(verdict(whole), "accepted");
}

TEST(RequestHead, KeepAliveFollowsVersionAndConnection) {
  EXPECT_TRUE(accepted(post("")).keep_alive);
  EXPECT_FALSE(accepted(post("Connection: upgrade, Close\r\n")).keep_alive);
  EXPECT_FALSE(accepted("GET / HTTP/1.0\r\nHost: a\r\n\r\n").keep_alive);
  EXPECT_TRUE(accepted("GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
}

TEST(RequestHead, OnlyOneContentLengthOfDigitsIsTaken) {
  EXPECT_EQ(verdict(post("Content-Length: 5\r\n")), "accepted");
  EXPECT_EQ(verdict(post("Content-Length: 0\r\n")), "accepted");
  for (const char* value : {"", "-5", "+5", "5 5", "5, 5", "0x5", "5a", "99999999999999999999"})
    EXPECT_EQ(verdict(post(std::string("Content-Length: ") + value + "\r\n")), "content_length_invalid")
        << value;
  EXPECT_EQ(verdict(post("Content-Length: 5,6\r\n")), "content_length_repeated");
  EXPECT_EQ(verdict(post("Content-Length: 5\r\nContent-Length: 5\r\n")), "content_length_repeated");
  EXPECT_EQ(verdict(post("Content-Length: 5\r\nContent-Length: 6\r\n")), "content_length_repeated");
}

TEST(RequestHead, EveryTransferEncodingIsRefused) {
  EXPECT_EQ(verdict(post("Transfer-Encoding: chunked\r\n")), "chunked");
  EXPECT_EQ(verdict(post("Transfer-Encoding: Chunked \r\n")), "chunked");
  for (const char* value : {"xchunked", "chunked, identity", "identity", "chunked, gzip", "gzip, chunked",
                            "gzip", "chunked, chunked", "", "\"chunked\"", "chunked;a=b",
                            "\x0b"
                            "chunked"})
    EXPECT_NE(verdict(post(std::string("Transfer-Encoding: ") + value + "\r\n")), "accepted") << value;
  EXPECT_EQ(verdict(post("Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n")), "transfer_encoding");
  EXPECT_EQ(verdict(post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")), "content_length_invalid");
  EXPECT_EQ(verdict(post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")), "transfer_encoding");
  EXPECT_EQ(verdict(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
            "transfer_encoding");
  EXPECT_EQ(verdict(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n")),
            "transfer_encoding");
  EXPECT_EQ(verdict("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), "transfer_encoding");
}

TEST(RequestHead, ExactlyOneHostIsAskedFor) {
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\n\r\n"), "host_missing");
  EXPECT_EQ(verdict("GET / HTTP/1.0\r\n\r\n"), "host_missing");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n"), "host_repeated");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"), "accepted");
  for (const char* host : {"", "a b", "a/b", "a,b", "user@a", "a\tb"})
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), "host_invalid") << host;
}

TEST(RequestHead, TheTargetMustBeAPath) {
  for (const char* target : {"http://a/", "a:443", "*", "//a", "/a#b"}) {
    const auto found = verdict("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(found, target == std::string_view("//a") ? "accepted" : "target_not_a_path") << target;
  }
}

TEST(RequestHead, FoldedFieldsAreRefused) {
  EXPECT_EQ(verdict(post("X-A: 1\r\n 2\r\n")), "folded_field");
  EXPECT_EQ(verdict(post("X-A: 1\r\n\t2\r\n")), "folded_field");
  EXPECT_EQ(verdict(post("X-A:\r\n \r\n")), "folded_field");
  EXPECT_EQ(verdict(post("Content-Length:\r\n 5\r\n")), "folded_field");
}

TEST(RequestHead, AHundredFieldsAreEnough) {
  std::string fields;
  for (int i = 0; i < 99; ++i) fields += "a: b\r\n";
  EXPECT_EQ(verdict(post(fields)), "accepted");
  EXPECT_EQ(verdict(post(fields + "a: b\r\n")), "too_many_fields");
}

TEST(RequestHead, GetAndHeadTakeNoBody) {
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"), "unexpected_body");
  EXPECT_EQ(verdict("HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"), "unexpected_body");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"), "accepted");
  EXPECT_EQ(verdict("DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"), "accepted");
}

TEST(RequestHead, OtherVersionsAndGarbageAreMalformed) {
  for (const char* line : {"PRI * HTTP/2.0", "GET / HTTP/3.0", "GET / HTTP/1.2", "GET / HTTP/0.9", "GET /",
                           "GET  / HTTP/1.1", "GET / http/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1",
                           "G\x01T / HTTP/1.1", "GET /\x7f HTTP/1.1", "\x16\x03\x01\x02"})
    EXPECT_NE(verdict(std::string(line) + "\r\nHost: a\r\n\r\n"), "accepted") << line;
  EXPECT_EQ(verdict("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "malformed");
  EXPECT_EQ(verdict("GET / HTTP/3.0\r\nHost: a\r\n\r\n"), "malformed");
}

TEST(RequestHead, UnknownMethodsAreLeftToTheRouter) {
  EXPECT_EQ(accepted("BREW / HTTP/1.1\r\nHost: a\r\n\r\n").method(), "BREW");
}

TEST(RequestHead, LineEndingsAndControlCharactersAreStrict) {
  for (const char* text :
       {"GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX\x01: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: b\x01\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n"})
    EXPECT_NE(verdict(text), "accepted") << text;
  EXPECT_NE(verdict(std::string("GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n", 36)), "accepted");
}

TEST(RequestHead, OnlyOneExpectationIsKnown) {
  EXPECT_TRUE(accepted(post("Expect: 100-Continue\r\nContent-Length: 1\r\n")).expects_continue);
  EXPECT_FALSE(accepted("POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").expects_continue);
  EXPECT_EQ(verdict(post("Expect: 200-ok\r\n")), "expectation_failed");
}

TEST(MediaType, ComparesTheTypeOnly) {
  EXPECT_TRUE(is_media_type("application/json", "application/json"));
  EXPECT_TRUE(is_media_type(" Application/JSON ; charset=utf-8", "application/json"));
  EXPECT_FALSE(is_media_type("application/jsonx", "application/json"));
  EXPECT_FALSE(is_media_type("text/plain; application/json", "application/json"));
  EXPECT_FALSE(is_media_type("", "application/json"));
}

}  // namespace
}  // namespace penstock::http
