#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "tests/contract/http/echo_server.h"
#include "tests/fakes/raw_client.h"

namespace penstock::http {
namespace {

using fakes::body_of;
using fakes::RawClient;
using fakes::status_of;
using std::chrono::milliseconds;

TEST(HttpServer, KeepsTheConnectionForManyRequests) {
  EchoServer server;
  RawClient client(server.address());
  for (int i = 0; i < 100; ++i) {
    client.send(post("/echo", std::to_string(i)));
    ASSERT_EQ(body_of(client.answer()), std::to_string(i));
  }
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  EchoServer server;
  RawClient client(server.address());
  std::string all;
  for (int i = 0; i < 1000; ++i)
    all += i % 10 == 0 ? post("/echo", std::string(9000, 'x')) : post("/echo", std::to_string(i));
  std::thread sender([&] { client.send(all); });
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(body_of(client.answer()), i % 10 == 0 ? std::string(9000, 'x') : std::to_string(i));
  sender.join();
}

TEST(HttpServer, AHeldRequestHoldsBackThoseBehindIt) {
  EchoServer server;
  RawClient client(server.address());
  client.send(post("/held", "") + post("/echo", "second"));
  const auto held = server.held(1);
  ASSERT_EQ(held.size(), 1U);
  EXPECT_TRUE(server.served().empty());
  held[0].send({.body = "first"});
  EXPECT_EQ(body_of(client.answer()), "first");
  EXPECT_EQ(body_of(client.answer()), "second");
}

TEST(HttpServer, OnlyTheFirstAnswerCounts) {
  EchoServer server;
  RawClient client(server.address());
  client.send(post("/held", ""));
  const auto held = server.held(1);
  ASSERT_EQ(held.size(), 1U);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { held[0].send({.body = "answer"}); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(body_of(client.answer()), "answer");
  client.send(post("/echo", "next"));
  EXPECT_EQ(body_of(client.answer()), "next");
}

TEST(HttpServer, AHandlerThatIsTooLateIsAnsweredFor) {
  EchoServer server;
  RawClient client(server.address());
  client.send(post("/impatient", ""));
  const auto late = client.answer();
  EXPECT_EQ(status_of(late), 503);
  EXPECT_NE(late.find("\r\nRetry-After: 7\r\n"), std::string::npos);
  EXPECT_NE(late.find("\"type\":\"log_unavailable\""), std::string::npos);
  for (const auto& responder : server.held(1)) responder.send({.body = "too late"});
  client.send(post("/echo", "next"));
  EXPECT_EQ(body_of(client.answer()), "next");
}

TEST(HttpServer, ARespondersServerMayBeGone) {
  std::vector<Responder> held;
  {
    EchoServer server;
    RawClient client(server.address());
    client.send(post("/held", ""));
    held = server.held(1);
    server.server().stop(milliseconds{0});
  }
  ASSERT_EQ(held.size(), 1U);
  held[0].send({.body = "nobody"});
}

TEST(HttpServer, DecodesPathAndQuery) {
  EchoServer server;
  RawClient client(server.address());
  client.send(get("/things/partner%2Facme:e-17?x=1&q=a%20b+c"));
  const auto answer = client.answer();
  EXPECT_EQ(status_of(answer), 201);
  EXPECT_EQ(body_of(answer), "partner/acme:e-17|a b c|127.0.0.1");
}

TEST(HttpServer, SaysWhichMethodsAreAllowed) {
  EchoServer server;
  RawClient client(server.address());
  for (const char* method : {"GET", "PUT", "OPTIONS", "BREW"}) {
    client.send(std::string(method) + " /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto answer = client.answer();
    EXPECT_EQ(status_of(answer), 405) << method;
    EXPECT_NE(answer.find("\r\nAllow: POST\r\n"), std::string::npos) << method;
    EXPECT_NE(answer.find("\"type\":\"method_not_allowed\""), std::string::npos) << method;
  }
}

TEST(HttpServer, UnknownPathsAreNotFoundAndTheConnectionStays) {
  EchoServer server;
  RawClient client(server.address());
  client.send(get("/nowhere") + get("/ok"));
  EXPECT_EQ(status_of(client.answer()), 404);
  EXPECT_EQ(status_of(client.answer()), 200);
}

TEST(HttpServer, HeadIsGetWithoutTheBody) {
  EchoServer server;
  RawClient client(server.address());
  client.send("HEAD /things/a HTTP/1.1\r\nHost: a\r\n\r\n" + get("/ok"));
  const auto head = client.answer(std::chrono::seconds{10}, true);
  EXPECT_EQ(status_of(head), 201);
  EXPECT_NE(head.find("Content-Length: 16"), std::string::npos) << head;
  EXPECT_EQ(status_of(client.answer()), 200);
}

TEST(HttpServer, InvitesTheBodyThatWasHeldBack) {
  EchoServer server;
  RawClient client(server.address());
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(status_of(client.answer()), 100);
  client.send("hello");
  EXPECT_EQ(body_of(client.answer()), "hello");
}

TEST(HttpServer, DoesNotInviteABodyItWillRefuse) {
  ServerOptions options;
  options.body_bytes_max = 4;
  EchoServer server(options);
  RawClient client(server.address());
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(status_of(client.answer()), 413);
}

TEST(HttpServer, AHeadThatIsRefusedIsAnsweredBeforeItsBodyIsRead) {
  EchoServer server;
  for (const char* expect : {"", "Expect: 100-continue\r\n"}) {
    RawClient client(server.address());
    client.send(std::string("POST /guarded/a HTTP/1.1\r\nHost: a\r\nX-Password: b\r\n") + expect +
                "Content-Length: 500000\r\n\r\n");
    const auto answer = client.answer();
    EXPECT_EQ(status_of(answer), 401) << answer;
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
    client.send(std::string(500'000, 'x') + post("/echo", "smuggled"));
    client.end_of_requests();
    EXPECT_EQ(client.rest(), "") << "nothing that follows is served";
  }
  EXPECT_EQ(server.judged(), std::vector<std::string>(2));
  EXPECT_TRUE(server.served().empty());
}

TEST(HttpServer, AHeadThatIsRefusedWithoutABodyLeavesTheConnection) {
  EchoServer server;
  RawClient client(server.address());
  client.send(post("/guarded/a", "") + post("/guarded/a", "let in", "X-Password: a\r\n"));
  EXPECT_EQ(status_of(client.answer()), 401);
  EXPECT_EQ(body_of(client.answer()), "let in");
}

TEST(HttpServer, ABodyIsOnlyAskedForWhenTheHeadIsLetIn) {
  EchoServer server;
  RawClient client(server.address());
  client.send(
      "POST /guarded/a HTTP/1.1\r\nHost: a\r\nX-Password: a\r\nExpect: 100-continue\r\nContent-Length: "
      "5\r\n\r\n");
  EXPECT_EQ(status_of(client.answer()), 100);
  client.send("hello");
  EXPECT_EQ(body_of(client.answer()), "hello");
}

// The value of X-Request-Id; empty when there is none.
std::string request_id_of(std::string_view answer) {
  constexpr std::string_view kField = "\r\nX-Request-Id: ";
  const auto at = answer.substr(0, answer.find("\r\n\r\n")).find(kField);
  if (at == std::string_view::npos) return {};
  const auto value = answer.substr(at + kField.size());
  return std::string(value.substr(0, value.find("\r\n")));
}

TEST(HttpServer, EveryAnswerNamesItsRequest) {
  ServerOptions options;
  options.body_deadline = milliseconds{100};
  options.connections_per_address_max = 20;
  EchoServer server(options);
  std::vector<std::pair<int, std::string>> requests = {
      {200, get("/ok")},
      {200, post("/echo", "a")},
      {503, post("/impatient", "")},
      {400, "nonsense\r\n\r\n"},
      {401, post("/guarded/a", "a")},
      {404, get("/nowhere")},
      {405, post("/ok", "")},
      {408, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"},
      {411, "POST /json HTTP/1.1\r\nHost: a\r\n\r\n"},
      {413, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n"},
      {415, post("/json", "a")},
      {417, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: cake\r\n\r\n"},
      {431, "GET /" + std::string(9'000, 'x')},
  };
  std::vector<std::string> seen;
  for (const auto& [status, request] : requests) {
    RawClient client(server.address());
    client.send(request);
    const auto answer = client.answer();
    EXPECT_EQ(status_of(answer), status);
    seen.push_back(request_id_of(answer));
    EXPECT_FALSE(seen.back().empty()) << answer;
    const auto body = body_of(answer);
    const bool is_error = body.starts_with("{\"error\"");
    EXPECT_EQ(is_error, status >= 400) << answer;
    const auto named = body.find("\"request_id\":\"" + seen.back() + "\"") != std::string_view::npos;
    EXPECT_EQ(named, is_error) << answer;
  }
  std::deque<RawClient> crowd;
  for (int i = 0; i < 20; ++i) crowd.emplace_back(server.address());
  RawClient late(server.address());
  const auto turned_away = late.answer();
  EXPECT_EQ(status_of(turned_away), 429);
  seen.push_back(request_id_of(turned_away));
  EXPECT_FALSE(seen.back().empty()) << turned_away;
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end()) << "no two are alike";
}

TEST(HttpServer, RequestsOnOneConnectionHaveIdsOfTheirOwn) {
  EchoServer server;
  RawClient client(server.address());
  client.send(get("/ok") + get("/ok") + "HEAD /ok HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto first = request_id_of(client.answer()), second = request_id_of(client.answer()),
             third = request_id_of(client.answer(std::chrono::seconds{10}, true));
  EXPECT_FALSE(first.empty());
  EXPECT_NE(first, second);
  EXPECT_NE(second, third);
}

TEST(HttpServer, ClosesWhenAskedTo) {
  EchoServer server;
  for (const char* request :
       {"GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET /ok HTTP/1.0\r\nHost: a\r\n\r\n"}) {
    RawClient client(server.address());
    client.send(request);
    const auto all = client.rest();
    ASSERT_TRUE(all);
    EXPECT_EQ(status_of(*all), 200);
    EXPECT_NE(all->find("\r\nConnection: close\r\n"), std::string::npos);
  }
}

TEST(HttpServer, TakesARequestByteByByte) {
  EchoServer server;
  RawClient client(server.address());
  client.send_byte_by_byte(post("/echo", "hello"));
  EXPECT_EQ(body_of(client.answer()), "hello");
}

TEST(HttpServer, TakesALargeBody) {
  EchoServer server;
  RawClient client(server.address());
  std::string body;
  for (int i = 0; body.size() < 512 * 1024; ++i) body += std::to_string(i);
  body.resize(512 * 1024);
  std::thread sender([&] { client.send(post("/echo", body)); });
  EXPECT_EQ(body_of(client.answer()), body);
  sender.join();
}

TEST(HttpServer, SpreadsConnectionsOverThreads) {
  ServerOptions options;
  options.threads = 3;
  EchoServer server(options);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int connection = 0; connection < 5; ++connection) {
        RawClient client(server.address());
        for (int i = 0; i < 20; ++i) {
          const auto body = std::to_string(t * 1000 + i);
          client.send(post("/echo", body));
          if (body_of(client.answer()) != body) ++wrong;
        }
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(HttpServer, StopFinishesWhatIsInFlight) {
  EchoServer server;
  RawClient busy(server.address()), idle(server.address()), half(server.address());
  idle.send(get("/ok"));
  EXPECT_EQ(status_of(idle.answer()), 200);
  half.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
  busy.send(post("/held", ""));
  const auto held = server.held(1);
  ASSERT_EQ(held.size(), 1U);
  std::thread stopper([&] { server.server().stop(std::chrono::seconds{10}); });
  EXPECT_EQ(idle.rest(), "");
  half.send("lo");
  const auto finished = half.rest();
  ASSERT_TRUE(finished);
  EXPECT_EQ(body_of(*finished), "hello");
  held[0].send({.body = "done"});
  const auto answered = busy.rest();
  ASSERT_TRUE(answered);
  EXPECT_EQ(body_of(*answered), "done");
  EXPECT_NE(answered->find("\r\nConnection: close\r\n"), std::string::npos);
  stopper.join();
  EXPECT_FALSE(RawClient(server.address()).connected());
}

TEST(HttpServer, StopIsBounded) {
  EchoServer server;
  RawClient client(server.address());
  client.send(post("/held", ""));
  ASSERT_EQ(server.held(1).size(), 1U);
  const auto started = std::chrono::steady_clock::now();
  server.server().stop(milliseconds{100});
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds{5});
  EXPECT_EQ(client.rest(), "");
}

TEST(HttpServer, APortInUseAndABadAddressAreErrors) {
  EchoServer first;
  Metrics metrics;
  for (const std::size_t threads : {1U, 2U}) {
    ServerOptions options;
    options.threads = threads;
    options.port =
        static_cast<std::uint16_t>(std::stoi(first.address().substr(first.address().rfind(':') + 1)));
    const auto status = HttpServer(options, {}, metrics).start();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::unavailable);
  }
  ServerOptions options;
  options.host = "localhost:80";
  EXPECT_EQ(HttpServer(options, {}, metrics).start().error().code, ErrorCode::invalid);
}

TEST(HttpServer, CountsAnswersByRouteAndOutcome) {
  EchoServer server;
  RawClient client(server.address());
  client.send(get("/ok") + post("/impatient", ""));
  EXPECT_EQ(status_of(client.answer()), 200);
  EXPECT_EQ(status_of(client.answer()), 503);
  const auto text = server.metrics();
  EXPECT_NE(text.find("penstock_ingress_requests_total{outcome=\"ok\",route=\"ok\"} 1"), std::string::npos)
      << text;
  EXPECT_NE(text.find("penstock_ingress_requests_total{outcome=\"failed\",route=\"impatient\"} 1"),
            std::string::npos);
  EXPECT_NE(text.find("penstock_ingress_connections 1"), std::string::npos);
}

}  // namespace
}  // namespace penstock::http
