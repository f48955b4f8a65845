#include "deploy/standalone/send/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "tests/contract/http/echo_server.h"

namespace penstock::send {
namespace {

using ::testing::HasSubstr;

constexpr Milliseconds kLong{20'000};
constexpr Milliseconds kShort{200};

HttpRequest post(const std::string& address, const std::string& path, std::string body) {
  return {"POST",
          parse_http_url("http://" + address + path).value(),
          {{"Content-Type", "text/plain"}},
          std::move(body)};
}

TEST(SendHttp, BringsTheAnswerBack) {
  http::EchoServer server;
  const auto answer = fetch(post(server.address(), "/echo", "hello"), kLong);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer.value().status, 200);
  EXPECT_EQ(answer.value().body, "hello");
  const auto missing = fetch(post(server.address(), "/nothing", ""), kLong);
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing.value().status, 404);
}

TEST(SendHttp, AnAnswerBeforeAllIsSentCounts) {
  http::EchoServer server({.body_bytes_max = 1024});
  const auto answer = fetch(post(server.address(), "/echo", std::string(4 * 1024 * 1024, 'x')), kLong);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer.value().status, 413);
}

TEST(SendHttp, ARefusedConnectionNamesTheAddress) {
  std::string address;
  {
    http::EchoServer server;
    address = server.address();
  }
  const auto answer = fetch(post(address, "/echo", ""), kLong);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_THAT(answer.error().detail, HasSubstr("cannot connect to " + address));
}

// The system accepts the connection, and nobody reads from it.
TEST(SendHttp, SilenceEndsWithTheDeadline) {
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
  const auto address = "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  const auto answer = fetch(post(address, "/", ""), kShort);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::timeout);
  EXPECT_THAT(answer.error().detail, HasSubstr(address));
}

}  // namespace
}  // namespace penstock::send
