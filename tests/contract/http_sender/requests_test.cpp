// What is sent, and over which connections.
#include <cstdlib>
#include <thread>

#include "tests/contract/http_sender/scripted_server.h"
#include "tests/contract/http_sender/sending.h"

namespace penstock::testing {
namespace {

void answer_all(Peer& peer) {
  while (!peer.request().empty()) peer.answer("ok");
}

// Keeps what it received.
class Recorder {
 public:
  ScriptedServer::Script script() {
    return [this](Peer& peer) {
      for (auto request = peer.request(); !request.empty(); request = peer.request()) {
        {
          const std::scoped_lock lock(mutex_);
          requests_.push_back(std::move(request));
        }
        peer.answer("ok");
      }
    };
  }
  std::vector<std::string> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
};

TEST(HttpSender, SendsTheRequestAndNothingBesideIt) {
  Recorder recorder;
  ScriptedServer server(recorder.script());
  const auto sender = open_sender();
  auto request = post("http://" + server.at("127.0.0.1") + "/a/../b//c?x=%20y&z", "hello");
  request.headers = {{"X-Signature", "ab"}, {"Content-Type", "application/json"}, {"X-Empty", ""}};
  ASSERT_TRUE(send(*sender, request));
  EXPECT_THAT(recorder.requests(), ::testing::ElementsAre("POST /a/../b//c?x=%20y&z HTTP/1.1\r\n"
                                                          "Host: " +
                                                          server.at("127.0.0.1") +
                                                          "\r\n"
                                                          "User-Agent: Penstock/test\r\n"
                                                          "X-Signature: ab\r\n"
                                                          "Content-Type: application/json\r\n"
                                                          "X-Empty:\r\n"
                                                          "Content-Length: 5\r\n\r\nhello"));
}

TEST(HttpSender, AGetHasNoBody) {
  Recorder recorder;
  ScriptedServer server(recorder.script());
  const auto sender = open_sender();
  auto request = get("http://" + server.at("127.0.0.1"));
  request.headers = {{"Accept", "application/json"}};
  ASSERT_TRUE(send(*sender, request));
  EXPECT_THAT(recorder.requests(), ::testing::ElementsAre("GET / HTTP/1.1\r\n"
                                                          "Host: " +
                                                          server.at("127.0.0.1") +
                                                          "\r\n"
                                                          "User-Agent: Penstock/test\r\n"
                                                          "Accept: application/json\r\n\r\n"));
}

// libcurl asks first (Expect: 100-continue) when a body is larger than a megabyte.
TEST(HttpSender, ALargeBodyIsSentAtOnce) {
  Recorder recorder;
  ScriptedServer server(recorder.script());
  const auto sender = open_sender();
  const std::string body(4 * 1024 * 1024, 'x');
  ASSERT_TRUE(send(*sender, post("http://" + server.at("127.0.0.1"), body)));
  ASSERT_EQ(recorder.requests().size(), 1U);
  const auto received = recorder.requests().front();
  EXPECT_TRUE(received.ends_with("\r\n\r\n" + body));
  EXPECT_EQ(received.find("Expect"), std::string::npos);
}

TEST(HttpSender, ABodyMayHoldAnyByte) {
  Recorder recorder;
  ScriptedServer server(recorder.script());
  const auto sender = open_sender();
  const std::string body("\0\xff\r\n\0", 5);
  ASSERT_TRUE(send(*sender, post("http://" + server.at("127.0.0.1"), body)));
  ASSERT_EQ(recorder.requests().size(), 1U);
  EXPECT_TRUE(recorder.requests().front().ends_with("Content-Length: 5\r\n\r\n" + body));
}

TEST(HttpSender, WhatNoHeaderCanCarryIsRefusedByItsNameBeforeAnythingIsSent) {
  ScriptedServer server(answer_all);
  const auto sender = open_sender();
  struct Case {
    std::string name, value, why;
  };
  const std::vector<Case> cases{{"", "a", "no token"},
                                {"a b", "a", "no token"},
                                {"a:", "a", "no token"},
                                {"a\r\nEvil", "a", "no token"},
                                {std::string("a\0", 2), "a", "no token"},
                                {"\xc3\xa4", "a", "no token"},
                                {"X-A", "a\r\nEvil: b", "header x-a"},
                                {"X-A", "a\nb", "header x-a"},
                                {"X-A", std::string("a\0b", 3), "header x-a"},
                                {"X-A", "a\tb", "header x-a"},
                                {"X-A", "\x7f", "header x-a"},
                                {"X-A", "\xc3\xa4", "header x-a"},
                                {"X-A", " a", "header x-a"},
                                {"X-A", "a ", "header x-a"},
                                {"Host", "evil.example", "header host"},
                                {"CONTENT-LENGTH", "0", "header content-length"},
                                {"transfer-encoding", "chunked", "header transfer-encoding"},
                                {"Connection", "close", "header connection"},
                                {"Expect", "100-continue", "header expect"},
                                {"TE", "gzip", "header te"},
                                {"Upgrade", "h2c", "header upgrade"},
                                {"Accept-Encoding", "gzip", "header accept-encoding"},
                                {"User-Agent", "me", "header user-agent"},
                                {"Proxy-Authorization", "Basic eA==", "header proxy-authorization"},
                                {"X-A", std::string(16 * 1024 - 2, 'a'), "16 KiB"}};
  for (const auto& each : cases) {
    auto request = post("http://" + server.at("127.0.0.1"));
    request.headers = {{each.name, each.value}};
    const auto answer = send(*sender, request);
    EXPECT_EQ(error_of(answer), "request_refused") << each.name;
    EXPECT_THAT(explained(answer), HasSubstr(each.why));
  }
  EXPECT_EQ(server.accepted(), 0);
}

TEST(HttpSender, HeadersJustInsideOfTheBoundsAreSent) {
  ScriptedServer server(answer_all);
  const auto sender = open_sender();
  auto request = post("http://" + server.at("127.0.0.1"));
  request.headers = {{"X-A", std::string(16 * 1024 - 3, 'a')}};
  EXPECT_TRUE(send(*sender, request));
  request.headers.assign(64, {"X-A", "~!"});
  EXPECT_TRUE(send(*sender, request));
  request.headers.assign(65, {"X-A", "~!"});
  EXPECT_EQ(error_of(send(*sender, request)), "request_refused");
}

TEST(HttpSender, WhatMakesNoRequestIsRefused) {
  const auto sender = open_sender();
  auto request = get("http://127.0.0.1/");
  request.body = "a body";
  EXPECT_EQ(error_of(send(*sender, request)), "request_refused");
  for (auto deadline : {&SendDeadlines::resolve, &SendDeadlines::connect, &SendDeadlines::first_byte,
                        &SendDeadlines::whole}) {
    request = get("http://127.0.0.1/");
    request.deadlines.*deadline = 0ms;
    EXPECT_EQ(error_of(send(*sender, request)), "request_refused");
  }
}

TEST(HttpSender, CleartextIsRefusedUnlessTheRequestAllowsIt) {
  const auto sender = open_sender();
  auto request = post("http://127.0.0.1/");
  request.cleartext_allowed = false;
  const auto answer = send(*sender, request);
  EXPECT_EQ(error_of(answer), "url_refused");
  EXPECT_THAT(explained(answer), HasSubstr("the URL is http://"));
  EXPECT_EQ(error_of(send(*sender, post("ftp://127.0.0.1/"))), "url_refused");
}

TEST(HttpSender, AnAnswerComesOnceAndFromAnotherThreadThanTheCaller) {
  ScriptedServer server(answer_all);
  const auto sender = open_sender();
  std::promise<std::thread::id> done;
  ASSERT_TRUE(sender->send(post("http://" + server.at("127.0.0.1")),
                           [&](Answer) { done.set_value(std::this_thread::get_id()); }));
  EXPECT_NE(done.get_future().get(), std::this_thread::get_id());
}

TEST(HttpSender, WhoeverIsAnsweredMaySendAgainFromThere) {
  ScriptedServer server(answer_all);
  const auto sender = open_sender();
  const auto url = "http://" + server.at("127.0.0.1");
  std::promise<Answer> second;
  ASSERT_TRUE(sender->send(post(url), [&](Answer) {
    ASSERT_TRUE(sender->send(post(url), [&](Answer answer) { second.set_value(std::move(answer)); }));
  }));
  auto future = second.get_future();
  EXPECT_TRUE(wait_for(future));
}

TEST(HttpSender, AConnectionIsKeptAndUsedAgain) {
  ScriptedServer server(answer_all);
  const auto sender = open_sender();
  const auto url = "http://" + server.at("localhost");
  const auto first = send(*sender, post(url));
  ASSERT_TRUE(first) << explained(first);
  EXPECT_FALSE(first.value().progress.connection_reused);
  EXPECT_TRUE(first.value().progress.connected);
  for (int i = 0; i < 20; ++i) {
    const auto next = send(*sender, post(url));
    ASSERT_TRUE(next) << explained(next);
    EXPECT_TRUE(next.value().progress.connection_reused);
    EXPECT_FALSE(next.value().progress.connected);
    EXPECT_EQ(next.value().progress.address, server.at("127.0.0.1"));
  }
  EXPECT_EQ(server.accepted(), 1);
}

TEST(HttpSender, AKeptConnectionThatThePeerClosedCostsNobodyAnything) {
  ScriptedServer server([](Peer& peer) {
    if (!peer.request().empty()) peer.answer("ok");
  });
  const auto sender = open_sender();
  for (int i = 0; i < 20; ++i) {
    const auto answer = send(*sender, post("http://" + server.at("127.0.0.1"), "body"));
    ASSERT_TRUE(answer) << explained(answer);
    EXPECT_EQ(answer.value().body, "ok");
  }
  EXPECT_EQ(server.accepted(), 20);
}

// The peer closes when the second request has come: nothing tells whether it was served.
TEST(HttpSender, AKeptConnectionThatEndsWithoutAByteOfTheAnswerIsReplaced) {
  std::atomic<int> requests{0};
  ScriptedServer server([&](Peer& peer) {
    for (bool first = true; !peer.request().empty(); first = false) {
      ++requests;
      if (!first) return;
      peer.answer("ok");
    }
  });
  const auto sender = open_sender();
  const auto url = "http://" + server.at("127.0.0.1");
  ASSERT_TRUE(send(*sender, post(url)));
  const auto second = send(*sender, post(url));
  ASSERT_TRUE(second) << explained(second);
  EXPECT_FALSE(second.value().progress.connection_reused);
  EXPECT_EQ(requests, 3);
  EXPECT_EQ(server.accepted(), 2);
}

TEST(HttpSender, ConnectionsThatNobodyUsesAreClosed) {
  std::promise<void> ended;
  ScriptedServer server([&](Peer& peer) {
    answer_all(peer);
    ended.set_value();
  });
  auto options = on_loopback();
  options.connections_kept_for = 50ms;
  const auto sender = open_sender(std::move(options));
  ASSERT_TRUE(send(*sender, post("http://" + server.at("127.0.0.1"))));
  EXPECT_EQ(ended.get_future().wait_for(20s), std::future_status::ready);
}

TEST(HttpSender, AConnectionThatIsOldIsReplaced) {
  ScriptedServer server(answer_all);
  auto options = on_loopback();
  options.connection_lifetime = 1s;
  const auto sender = open_sender(std::move(options));
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (server.accepted() < 2 && std::chrono::steady_clock::now() < until)
    ASSERT_TRUE(send(*sender, post("http://" + server.at("127.0.0.1"))));
  EXPECT_EQ(server.accepted(), 2);
}

TEST(HttpSender, NoMoreConnectionsAreKeptThanAllowed) {
  std::atomic<int> open{0};
  const auto script = [&](Peer& peer) {
    ++open;
    answer_all(peer);
    --open;
  };
  std::list<ScriptedServer> servers;
  auto options = on_loopback();
  options.connections_kept_max = 3;
  const auto sender = open_sender(std::move(options));
  for (int i = 0; i < 8; ++i) {
    auto& server = servers.emplace_back(script);
    ASSERT_TRUE(send(*sender, post("http://" + server.at("127.0.0.1"))));
  }
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (open > 3 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_LE(open, 3);
}

TEST(HttpSender, ProxiesOfTheEnvironmentAreNotAsked) {
  ScriptedServer proxy(answer_all);
  ScriptedServer server(answer_all);
  for (const char* variable : {"http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"})
    ::setenv(variable, ("http://" + proxy.at("127.0.0.1")).c_str(), 1);
  const auto answer = send(*open_sender(), post("http://" + server.at("127.0.0.1")));
  for (const char* variable : {"http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"})
    ::unsetenv(variable);
  EXPECT_TRUE(answer) << explained(answer);
  EXPECT_EQ(proxy.accepted(), 0);
  EXPECT_EQ(server.accepted(), 1);
}

TEST(HttpSender, CookiesAreNotKept) {
  std::atomic<int> with_cookie{0};
  ScriptedServer server([&](Peer& peer) {
    for (auto request = peer.request(); !request.empty(); request = peer.request()) {
      if (request.find("Cookie") != std::string::npos) ++with_cookie;
      peer.answer("ok", "Set-Cookie: a=b; Path=/\r\n");
    }
  });
  const auto sender = open_sender();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(send(*sender, post("http://" + server.at("127.0.0.1"))));
  EXPECT_EQ(with_cookie, 0);
}

}  // namespace
}  // namespace penstock::testing
