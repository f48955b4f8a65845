// How much is under way at once, and how it ends.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "tests/contract/http/echo_server.h"
#include "tests/contract/http_sender/scripted_server.h"
#include "tests/contract/http_sender/sending.h"

namespace penstock::testing {
namespace {

TEST(SendBounds, MoreRequestsThanAllowedAreRefusedUntilOneIsDone) {
  std::promise<void> go_on;
  const auto gone_on = go_on.get_future().share();
  ScriptedServer server([&](Peer& peer) {
    while (!peer.request().empty()) {
      gone_on.wait();
      peer.answer("ok");
    }
  });
  auto options = on_loopback();
  options.in_flight_max = 2;
  const auto sender = open_sender(std::move(options));
  const auto url = "http://" + server.at("127.0.0.1");
  auto first = begin(*sender, post(url));
  auto second = begin(*sender, post(url));
  bool called = false;
  const auto third = sender->send(post(url), [&](Answer) { called = true; });
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().error, SendError::overloaded);
  go_on.set_value();
  EXPECT_TRUE(wait_for(first));
  EXPECT_TRUE(wait_for(second));
  EXPECT_TRUE(send(*sender, post(url)));
  EXPECT_FALSE(called);
}

TEST(SendBounds, MoreBytesThanAllowedAreRefused) {
  ScriptedServer server([](Peer& peer) {
    while (!peer.request().empty()) peer.answer("ok");
  });
  auto options = on_loopback();
  options.in_flight_bytes_max = 100'000;
  const auto sender = open_sender(std::move(options));
  const auto url = "http://" + server.at("127.0.0.1");
  EXPECT_EQ(error_of(send(*sender, post(url, std::string(100'000, 'x')))), "overloaded");
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(send(*sender, post(url, std::string(90'000, 'x'))));
}

std::size_t resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  unsigned long total = 0;
  unsigned long resident = 0;
  if (file == nullptr || std::fscanf(file, "%lu %lu", &total, &resident) != 2) ADD_FAILURE();
  if (file != nullptr) std::fclose(file);
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(SendBounds, AThousandAtOnceAreAllAnsweredWithinBoundedMemory) {
  constexpr std::size_t kRequests = 1'000;
  http::ServerOptions limits;
  limits.connections_max = 2'000;
  limits.connections_per_address_max = 2'000;
  http::EchoServer server(limits);
  const auto sender = open_sender();
  const auto before = resident_bytes();
  std::vector<std::future<Answer>> answers;
  for (std::size_t i = 0; i < kRequests; ++i) {
    auto request = post("http://" + server.address() + "/echo", std::to_string(i));
    request.deadlines = {60s, 60s, 60s, 60s};
    answers.push_back(begin(*sender, std::move(request)));
  }
  for (std::size_t i = 0; i < kRequests; ++i) {
    const auto answer = wait_for(answers[i]);
    ASSERT_TRUE(answer) << explained(answer);
    EXPECT_EQ(answer.value().body, std::to_string(i));
  }
  const auto after = std::max(before, resident_bytes());
  EXPECT_LT(after - before, 256U * 1024 * 1024);  // of client and server, with what a sanitizer adds
}

TEST(SendBounds, DestructionAnswersEverythingOnceAndDoesNotWait) {
  ScriptedServer silent([](Peer& peer) { peer.wait_for_end(); });
  const auto never = std::make_shared<std::promise<void>>();
  auto options = on_loopback();
  options.lookup = [gone_on = never->get_future().share()](const std::string&) -> Result<IpAddresses> {
    gone_on.wait();
    return Error{ErrorCode::unavailable, "too late"};
  };
  auto sender = open_sender(std::move(options));
  std::atomic<int> called{0};
  std::atomic<int> cancelled{0};
  const auto count = [&](Answer answer) {
    ++called;
    if (error_of(answer) == "cancelled") ++cancelled;
  };
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(sender->send(post("http://" + silent.at("127.0.0.1")), count));   // waits for an answer
    ASSERT_TRUE(sender->send(post("https://" + silent.at("127.0.0.1")), count));  // shakes hands
    ASSERT_TRUE(sender->send(post("http://n" + std::to_string(i) + ".example/"), count));  // is looked up
  }
  while (silent.accepted() < 10) std::this_thread::yield();
  const auto begun = std::chrono::steady_clock::now();
  sender.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  EXPECT_EQ(called, 150);
  EXPECT_EQ(cancelled, 150);
  never->set_value();
}

TEST(SendBounds, WhoeverIsCancelledCannotSendAgain) {
  ScriptedServer silent([](Peer& peer) { peer.wait_for_end(); });
  auto sender = open_sender();
  HttpSender& ending = *sender;
  std::string again;
  ASSERT_TRUE(ending.send(post("http://" + silent.at("127.0.0.1")), [&](Answer) {
    const auto sent = ending.send(post("http://" + silent.at("127.0.0.1")), [](Answer) { ADD_FAILURE(); });
    again = sent ? "" : to_string(sent.error().error);
  }));
  sender.reset();
  EXPECT_EQ(again, "cancelled");
}

TEST(SendBounds, WithoutAFileLeftARequestIsOverloaded) {
  ScriptedServer server([](Peer& peer) {
    while (!peer.request().empty()) peer.answer("ok");
  });
  const auto sender = open_sender();
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  const int next = ::dup(0);
  rlimit none = usual;
  none.rlim_cur = static_cast<rlim_t>(next);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  ::close(next);
  const int last = ::dup(0);  // the one that was free
  const auto answer = send(*sender, post("http://" + server.at("127.0.0.1")));
  ::close(last);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
  EXPECT_EQ(error_of(answer), "overloaded") << explained(answer);
  EXPECT_TRUE(send(*sender, post("http://" + server.at("127.0.0.1"))));
}

TEST(SendBounds, ManyThreadsMaySendAtOnce) {
  http::ServerOptions limits;
  limits.connections_per_address_max = 2'000;
  http::EchoServer server(limits);
  const auto sender = open_sender();
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const auto body = std::to_string(t) + "/" + std::to_string(i);
        const auto answer = send(*sender, post("http://" + server.address() + "/echo", body));
        if (answer && answer.value().body == body) ++right;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 400);
}

}  // namespace
}  // namespace penstock::testing
