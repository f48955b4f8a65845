// Each phase has a deadline of its own.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/contract/http_sender/scripted_server.h"
#include "tests/contract/http_sender/sending.h"

namespace penstock::testing {
namespace {

constexpr Milliseconds kLong{60'000};

SendDeadlines only(Milliseconds SendDeadlines::*deadline, Milliseconds length = 100ms) {
  SendDeadlines deadlines{kLong, kLong, kLong, kLong};
  deadlines.*deadline = length;
  return deadlines;
}

Answer send_within(SendDeadlines deadlines, const std::string& url) {
  auto request = post(url);
  request.deadlines = deadlines;
  return send(*open_sender(), request);
}

// A port whose queue of connections is full, so that the system lets further ones wait.
class FullListener {
 public:
  FullListener() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof address_;
    address_.sin_family = AF_INET;
    ::inet_pton(AF_INET, "127.0.0.1", &address_.sin_addr);
    ::bind(listener_, reinterpret_cast<const sockaddr*>(&address_), size);
    ::listen(listener_, 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size);
    while (connects_at_once()) {
    }
  }
  ~FullListener() {
    for (const int fd : clients_) ::close(fd);
    ::close(listener_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)) + "/"; }

 private:
  bool connects_at_once() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    clients_.push_back(fd);
    ::connect(fd, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
    pollfd connected{fd, POLLOUT, 0};
    return ::poll(&connected, 1, 200) == 1;
  }

  int listener_ = -1;
  sockaddr_in address_{};
  std::vector<int> clients_;
};

TEST(SendDeadlines, AConnectionThatIsNeverMadeEndsWithItsDeadline) {
  FullListener listener;
  const auto answer = send_within(only(&SendDeadlines::connect), listener.url());
  EXPECT_EQ(error_of(answer), "connect_timeout") << explained(answer);
  EXPECT_FALSE(answer.error().progress.connected);
  EXPECT_LT(answer.error().progress.whole, 10s);
}

TEST(SendDeadlines, TlsThatNeverEndsIsPartOfConnecting) {
  ScriptedServer server([](Peer& peer) { peer.wait_for_end(); });
  const auto answer = send_within(only(&SendDeadlines::connect), "https://" + server.at("localhost"));
  EXPECT_EQ(error_of(answer), "connect_timeout") << explained(answer);
  EXPECT_FALSE(answer.error().progress.secured);
  EXPECT_EQ(answer.error().progress.address, server.at("127.0.0.1"));
}

TEST(SendDeadlines, AFirstByteThatNeverComesIsATimeout) {
  ScriptedServer server([](Peer& peer) { peer.wait_for_end(); });
  const auto answer = send_within(only(&SendDeadlines::first_byte), "http://" + server.at("127.0.0.1"));
  EXPECT_EQ(error_of(answer), "timeout");
  EXPECT_THAT(explained(answer), HasSubstr("waiting for an answer"));
  EXPECT_EQ(answer.error().progress.address, server.at("127.0.0.1"));
  EXPECT_FALSE(answer.error().progress.first_byte);
}

TEST(SendDeadlines, AFirstByteIsEnoughForItsDeadline) {
  std::promise<void> go_on;
  ScriptedServer server([&](Peer& peer) {
    if (peer.request().empty()) return;
    peer.write("HTTP/1.1 200 OK\r\n");
    go_on.get_future().wait();
    peer.write("Content-Length: 2\r\n\r\nok");
  });
  const auto sender = open_sender();
  auto request = post("http://" + server.at("127.0.0.1"));
  request.deadlines = only(&SendDeadlines::first_byte, 1s);
  auto answer = begin(*sender, request);
  EXPECT_EQ(answer.wait_for(1500ms), std::future_status::timeout);
  go_on.set_value();
  EXPECT_TRUE(wait_for(answer));
}

TEST(SendDeadlines, AnAnswerThatTricklesEndsWithTheWholeDeadline) {
  ScriptedServer server([](Peer& peer) {
    if (peer.request().empty()) return;
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx");
    peer.wait_for_end();
  });
  const auto answer = send_within(only(&SendDeadlines::whole, 300ms), "http://" + server.at("127.0.0.1"));
  EXPECT_EQ(error_of(answer), "timeout");
  EXPECT_THAT(explained(answer), HasSubstr("receiving the answer"));
  EXPECT_EQ(answer.error().status, 200);
  EXPECT_TRUE(answer.error().progress.first_byte);
}

TEST(SendDeadlines, TheWholeOneEndsEveryPhase) {
  ScriptedServer silent([](Peer& peer) { peer.wait_for_end(); });
  const auto whole = only(&SendDeadlines::whole, 500ms);
  EXPECT_EQ(error_of(send_within(whole, "http://" + silent.at("127.0.0.1"))), "timeout");
  EXPECT_EQ(error_of(send_within(whole, "https://" + silent.at("127.0.0.1"))), "connect_timeout");
}

TEST(SendDeadlines, OneThatIsOverdueHoldsUpNoOther) {
  ScriptedServer silent([](Peer& peer) { peer.wait_for_end(); });
  ScriptedServer quick([](Peer& peer) {
    while (!peer.request().empty()) peer.answer("ok");
  });
  const auto sender = open_sender();
  std::vector<std::future<Answer>> waiting;
  for (int i = 0; i < 50; ++i) waiting.push_back(begin(*sender, post("http://" + silent.at("127.0.0.1"))));
  const auto answer = send(*sender, post("http://" + quick.at("127.0.0.1")));
  EXPECT_TRUE(answer) << explained(answer);
}

TEST(SendDeadlines, ARefusedConnectionIsNoTimeout) {
  std::string url;
  {
    ScriptedServer gone([](Peer&) {});
    url = "http://" + gone.at("127.0.0.1");
  }
  const auto answer = send_within({}, url);
  EXPECT_EQ(error_of(answer), "connect_failed");
  EXPECT_THAT(explained(answer), HasSubstr("Connection refused"));
}

}  // namespace
}  // namespace penstock::testing
