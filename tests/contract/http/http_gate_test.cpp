// What must never be let in, on the wire: each attempt is followed by a request that must not be served.
#include <gtest/gtest.h>

#include "tests/contract/http/echo_server.h"
#include "tests/fakes/raw_client.h"

namespace penstock::http {
namespace {

using fakes::body_of;
using fakes::RawClient;
using fakes::status_of;
using std::chrono::milliseconds;

const std::string kSmuggled = post("/echo", "smuggled");

struct Attempt {
  const char* name;
  std::string bytes;
  int status;
};

std::vector<Attempt> attempts() {
  const std::string start = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  const std::string chunks = "5\r\nhello\r\n0\r\n\r\n";
  std::string thousand_fields = start;
  for (int i = 0; i < 1000; ++i) thousand_fields += "a:b\r\n";
  return {
      {"xchunked then length", start + "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"chunked, identity", start + "Transfer-Encoding: chunked, identity\r\nContent-Length: 5\r\n\r\nhello",
       400},
      {"identity", start + "Transfer-Encoding: identity\r\n\r\n", 400},
      {"chunked, gzip", start + "Transfer-Encoding: chunked, gzip\r\n\r\n", 400},
      {"gzip, chunked", start + "Transfer-Encoding: gzip, chunked\r\n\r\n" + chunks, 400},
      {"chunked and length", start + "Transfer-Encoding: chunked\r\nContent-Length: 15\r\n\r\n" + chunks,
       400},
      {"length and chunked", start + "Content-Length: 15\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks,
       400},
      {"chunked in 1.0", "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks,
       400},
      {"chunked twice", start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks,
       400},
      {"chunked alone", start + "Transfer-Encoding: chunked\r\n\r\n" + chunks, 411},
      {"empty chunked", start + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411},
      {"chunked with trailers", start + "Transfer-Encoding: chunked\r\n\r\n0\r\nX-Signature: a\r\n\r\n", 411},
      {"chunk extension",
       start + "Transfer-Encoding: chunked\r\n\r\n0;" + std::string(100'000, 'x') + "\r\n\r\n", 411},
      {"length twice", start + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"lengths that differ", start + "Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello", 400},
      {"length list", start + "Content-Length: 5, 5\r\n\r\nhello", 400},
      {"signed length", start + "Content-Length: +5\r\n\r\nhello", 400},
      {"huge length", start + "Content-Length: 18446744073709551616\r\n\r\nhello", 400},
      {"no host", "POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"two hosts", start + "Host: b\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"absolute form", "POST http://a/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"authority form", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"asterisk form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"folded field", start + "X-A: 1\r\n 2\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"folded length", start + "Content-Length:\r\n 5\r\n\r\nhello", 400},
      {"a thousand fields", thousand_fields + "\r\n", 400},
      {"get with body", "GET /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"http/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {"http/3", "POST /echo HTTP/3.0\r\nHost: a\r\n\r\n", 400},
      {"http/1.2", "POST /echo HTTP/1.2\r\nHost: a\r\n\r\n", 400},
      {"no version", "POST /echo\r\n\r\n", 400},
      {"garbage", "\x01\x02\x03\r\n\r\n", 400},
      {"bare line feeds", "POST /echo HTTP/1.1\nHost: a\nContent-Length: 5\n\nhello", 400},
      {"space before colon", start + "Content-Length : 5\r\n\r\nhello", 400},
      {"unknown expectation", start + "Expect: a-miracle\r\nContent-Length: 5\r\n\r\nhello", 417},
      {"header too large", start + "X-A: " + std::string(9000, 'x') + "\r\n\r\n", 431},
      {"endless line", std::string(9000, 'x'), 431},
      {"broken escape", "GET /things/%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"broken query", "GET /things/a?q=%f HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"body over the limit", post("/echo", std::string(1001, 'x')), 413},
      {"no length where one is asked for",
       "POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\r\n", 411},
      {"another media type", post("/json", "hello", "Content-Type: text/plain\r\n"), 415},
      {"no media type", post("/json", "hello"), 415},
      {"nothing here, with a body", post("/nowhere", "hello"), 404},
  };
}

ServerOptions small_bodies() {
  ServerOptions options;
  options.body_bytes_max = 1000;
  return options;
}

TEST(HttpGate, AnswersOnceAndServesNothingThatFollows) {
  EchoServer server(small_bodies());
  for (const auto& attempt : attempts()) {
    RawClient client(server.address());
    client.send(attempt.bytes + kSmuggled);
    client.end_of_requests();
    const auto all = client.rest();
    ASSERT_TRUE(all) << attempt.name;
    EXPECT_EQ(status_of(*all), attempt.status) << attempt.name << ": " << *all;
    EXPECT_EQ(all->find("HTTP/1.1", 1), std::string::npos) << attempt.name << ": " << *all;
    EXPECT_NE(all->find("\r\nConnection: close\r\n"), std::string::npos) << attempt.name;
    EXPECT_NE(body_of(*all).find("\"request_id\":\""), std::string::npos) << attempt.name;
  }
  EXPECT_TRUE(server.served().empty());
}

TEST(HttpGate, TheSameByteByByte) {
  EchoServer server(small_bodies());
  for (const auto& attempt : attempts()) {
    if (attempt.bytes.size() > 10'000) continue;
    RawClient client(server.address());
    client.send_byte_by_byte(attempt.bytes);
    client.send(kSmuggled);
    const auto all = client.rest();
    ASSERT_TRUE(all) << attempt.name;
    EXPECT_EQ(status_of(*all), attempt.status) << attempt.name << ": " << *all;
    EXPECT_EQ(all->find("HTTP/1.1", 1), std::string::npos) << attempt.name << ": " << *all;
  }
  EXPECT_TRUE(server.served().empty());
}

TEST(HttpGate, TheAnswerReachesAPeerThatIsStillSending) {
  EchoServer server(small_bodies());
  RawClient client(server.address());
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n");
  client.send(std::string(4'000'000, 'x'));
  EXPECT_EQ(status_of(client.answer()), 413);
}

TEST(HttpGate, JustWithinEachLimitIsServed) {
  auto options = small_bodies();
  EchoServer server(options);
  RawClient client(server.address());
  const auto body = std::string(1000, 'x');
  const std::string without = post("/echo", body);
  const auto padding =
      options.header_bytes_max - (without.size() - body.size()) - std::string("X-A: \r\n").size();
  ASSERT_TRUE(client.send(post("/echo", body, "X-A: " + std::string(padding, 'y') + "\r\n")));
  EXPECT_EQ(body_of(client.answer()), body);
  client.send(post("/json", "{}", "content-type: Application/Json; charset=utf-8\r\n"));
  EXPECT_EQ(body_of(client.answer()), "{}");
}

TEST(HttpGate, ASlowHeaderIsTimedOutHoweverItTrickles) {
  ServerOptions options;
  options.header_deadline = milliseconds{150};
  EchoServer server(options);
  RawClient client(server.address());
  const auto started = std::chrono::steady_clock::now();
  std::string all;
  while (all.empty() && std::chrono::steady_clock::now() - started < std::chrono::seconds{10}) {
    client.send("G");
    all = client.answer(milliseconds{20});
  }
  EXPECT_EQ(status_of(all), 408) << all;
  EXPECT_TRUE(client.rest());
}

TEST(HttpGate, ASlowBodyIsTimedOutHoweverItTrickles) {
  ServerOptions options;
  options.body_deadline = milliseconds{150};
  EchoServer server(options);
  RawClient client(server.address());
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  const auto started = std::chrono::steady_clock::now();
  std::string all;
  while (all.empty() && std::chrono::steady_clock::now() - started < std::chrono::seconds{10}) {
    client.send("x");
    all = client.answer(milliseconds{20});
  }
  EXPECT_EQ(status_of(all), 408) << all;
  EXPECT_TRUE(client.rest());
  EXPECT_TRUE(server.served().empty());
}

TEST(HttpGate, SlowClientsDoNotDelayGoodOnes) {
  EchoServer server;
  std::deque<RawClient> slow;
  for (int i = 0; i < 200; ++i) {
    slow.emplace_back(server.address());
    slow.back().send(i % 2 == 0 ? "POST /ec"
                                : "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
  }
  RawClient good(server.address());
  const auto started = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) {
    good.send(post("/echo", "good"));
    ASSERT_EQ(body_of(good.answer()), "good");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds{10});
}

TEST(HttpGate, WhoDoesNotReadTheAnswerIsDropped) {
  ServerOptions options;
  options.write_deadline = milliseconds{150};
  EchoServer server(options);
  RawClient client(server.address(), "127.0.0.1", 4096);
  client.send(get("/large") + get("/large"));
  RawClient good(server.address());
  good.send(post("/echo", "good"));
  EXPECT_EQ(body_of(good.answer()), "good");
  const auto closed = [&] {
    return server.metrics().find("penstock_ingress_connections 1\n") != std::string::npos;
  };
  for (const auto started = std::chrono::steady_clock::now();
       !closed() && std::chrono::steady_clock::now() - started < std::chrono::seconds{10};)
    std::this_thread::yield();
  EXPECT_TRUE(closed()) << "the one connection that is left is the good one";
}

TEST(HttpGate, ConnectionsPerAddressAreCapped) {
  ServerOptions options;
  options.connections_per_address_max = 2;
  EchoServer server(options);
  {
    RawClient first(server.address()), second(server.address());
    first.send(get("/ok"));
    EXPECT_EQ(status_of(first.answer()), 200);
    second.send(get("/ok"));
    EXPECT_EQ(status_of(second.answer()), 200);
    RawClient third(server.address());
    const auto refused = third.rest();
    ASSERT_TRUE(refused);
    EXPECT_EQ(status_of(*refused), 429);
    EXPECT_NE(refused->find("\r\nRetry-After: "), std::string::npos);
    RawClient other(server.address(), "127.0.0.2");
    other.send(get("/ok"));
    EXPECT_EQ(status_of(other.answer()), 200);
  }
  int status = 0;
  for (const auto started = std::chrono::steady_clock::now();
       status != 200 && std::chrono::steady_clock::now() - started < std::chrono::seconds{10};) {
    RawClient later(server.address());
    later.send(get("/ok"));
    status = status_of(later.answer());
  }
  EXPECT_EQ(status, 200) << "closed connections count no more";
}

TEST(HttpGate, OnASocketForBothVersionsIpv4AddressesAreCappedApart) {
  ServerOptions options;
  options.host = "::";
  options.connections_per_address_max = 1;
  EchoServer server(options);
  const std::string address = "127.0.0.1" + server.address().substr(server.address().rfind(':'));
  RawClient hoarder(address), other(address, "127.0.0.2");
  hoarder.send(get("/things/7"));
  EXPECT_EQ(body_of(hoarder.answer()), "7|none|127.0.0.1");
  other.send(get("/things/7"));
  EXPECT_EQ(body_of(other.answer()), "7|none|127.0.0.2");
  EXPECT_EQ(status_of(RawClient(address).rest().value_or("")), 429);
}

TEST(HttpGate, ConnectionsAreCappedInAll) {
  ServerOptions options;
  options.connections_max = 2;
  EchoServer server(options);
  RawClient first(server.address()), second(server.address(), "127.0.0.2");
  first.send(get("/ok"));
  EXPECT_EQ(status_of(first.answer()), 200);
  second.send(get("/ok"));
  EXPECT_EQ(status_of(second.answer()), 200);
  RawClient third(server.address(), "127.0.0.3");
  const auto refused = third.rest();
  ASSERT_TRUE(refused);
  EXPECT_EQ(status_of(*refused), 503);
}

TEST(HttpGate, BodiesOfAllConnectionsShareOneBudget) {
  ServerOptions options;
  options.body_bytes_total_max = 40'000;
  EchoServer server(options);
  RawClient first(server.address()), second(server.address());
  const auto body = std::string(30'000, 'x');
  first.send(post("/held", body));
  const auto held = server.held(1);
  ASSERT_EQ(held.size(), 1U);
  second.send(post("/echo", body));
  EXPECT_EQ(status_of(second.answer()), 503);
  held[0].send({.body = "done"});
  EXPECT_EQ(body_of(first.answer()), "done");
  first.send(post("/echo", body));
  EXPECT_EQ(body_of(first.answer()), body) << "what is answered is given back";
}

TEST(HttpGate, WhoHoardsBodiesFromOneAddressKeepsNobodyElseOut) {
  ServerOptions options;
  options.body_bytes_total_max = 1024 * 1024;
  options.body_bytes_per_address_max = 512 * 1024;
  EchoServer server(options);
  std::deque<RawClient> hoard;
  int refused = 0;
  for (int i = 0; i < 20; ++i) {
    auto& piece = hoard.emplace_back(server.address(), "127.0.0.2");
    piece.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 400000\r\n\r\n");
    piece.send(std::string(100'000, 'x'));
  }
  const auto counted = [&] {
    const auto text = server.metrics();
    const std::string name = "refused_total{reason=\"body_memory_per_address\"} ";
    return std::atoi(text.c_str() + text.find(name) + name.size());
  };
  for (const auto started = std::chrono::steady_clock::now();
       refused == 0 && std::chrono::steady_clock::now() - started < std::chrono::seconds{10};)
    refused = counted();
  EXPECT_GT(refused, 0) << "the hoarder has had its share";
  const std::string body(30'000, 'y');
  for (int i = 0; i < 60; ++i) {
    RawClient good(server.address());
    good.send(post("/echo", body));
    EXPECT_EQ(body_of(good.answer()), body) << i;
  }
  EXPECT_EQ(server.metrics().find("reason=\"body_memory\"} 0") == std::string::npos, false)
      << "there was always memory for others";
}

TEST(HttpGate, BeyondItsShareAnAddressIsToldToComeAgain) {
  ServerOptions options;
  options.body_bytes_per_address_max = 40'000;
  EchoServer server(options);
  RawClient first(server.address()), second(server.address()), elsewhere(server.address(), "127.0.0.2");
  const std::string body(30'000, 'x');
  first.send(post("/held", body));
  const auto held = server.held(1);
  ASSERT_EQ(held.size(), 1U);
  second.send(post("/echo", body));
  const auto refused = second.answer();
  EXPECT_EQ(status_of(refused), 503) << "it may be a genuine event: it must come again";
  EXPECT_NE(refused.find("\r\nRetry-After: "), std::string::npos);
  elsewhere.send(post("/echo", body));
  EXPECT_EQ(body_of(elsewhere.answer()), body);
  held[0].send({.body = "done"});
  EXPECT_EQ(body_of(first.answer()), "done");
  first.send(post("/echo", body));
  EXPECT_EQ(body_of(first.answer()), body) << "what is answered is given back";
}

TEST(HttpGate, WhoIsRefusedHoldsNoMemoryWhileTheAnswerIsTaken) {
  ServerOptions options;
  options.body_bytes_per_address_max = 40'000;
  options.linger_deadline = std::chrono::seconds{60};
  EchoServer server(options);
  RawClient greedy(server.address()), next(server.address());
  greedy.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + std::string(40'000, 'x'));
  EXPECT_EQ(status_of(greedy.answer()), 503);
  const std::string body(30'000, 'x');
  next.send(post("/echo", body));
  EXPECT_EQ(body_of(next.answer()), body);
}

TEST(HttpGate, IdleConnectionsAreClosedWithoutAWord) {
  ServerOptions options;
  options.idle_deadline = milliseconds{100};
  EchoServer server(options);
  RawClient silent(server.address()), used(server.address());
  used.send(get("/ok"));
  EXPECT_EQ(status_of(used.answer()), 200);
  EXPECT_EQ(silent.rest(), "");
  EXPECT_EQ(used.rest(), "");
}

TEST(HttpGate, EachRefusalIsCounted) {
  EchoServer server;
  RawClient client(server.address());
  client.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(status_of(client.answer()), 400);
  EXPECT_NE(server.metrics().find("penstock_ingress_refused_total{reason=\"host_missing\"} 1"),
            std::string::npos);
}

}  // namespace
}  // namespace penstock::http
