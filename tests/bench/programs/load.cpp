// bench_load: closed-loop HTTP/1.1 load of signed events for one of the doors. Each of the connections sends one, waits
// for its answer and sends the next. All requests are made before the clock starts, so that little of a core goes
// to this side. Reports the events that were answered 200, and how long half of them and 99 in a hundred waited at
// most; any other answer ends it with exit code 1.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "common/crypto/crypto.h"
#include "tests/bench/programs/event_bodies.h"
#include "tests/bench/programs/many_settings.h"
#include "tests/bench/programs/report.h"

namespace penstock::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string secret;
  std::string door = "stripe";
  std::size_t senders = 1;  // that take turns, where a door knows several
  std::size_t connections = 64;
  std::size_t events = 0;
  std::size_t distinct = 0;  // request bodies; 0: one for each event
};

// What a sender posts: where, signed how, and what.
struct Post {
  std::string path;
  std::string signature;  // the header field
  std::string body;
};

class Sender {
 public:
  explicit Sender(const Options& options)
      : options_(options), key_(options.secret), at_(std::to_string(std::time(nullptr))) {}

  Post stripe(std::size_t n) const {
    auto body = bodies_.make(n).body;
    return {"/v1/webhook/stripe",
            fmt::format("Stripe-Signature: t={},v1={}", at_, crypto::to_hex(key_.mac({at_, ".", body}))),
            body};
  }

  // Each event as an account of its own sends it.
  Post connector(std::size_t n) const {
    auto post = stripe(n);
    post.path = "/v1/orgs/" + org_name(n % options_.senders) + "/integrations/stripe";
    return post;
  }

  // With an object of Stripe's in it, so that the bodies of both doors are alike in size.
  Post partner(std::size_t n) const {
    const auto event = bodies_.make(n);
    auto body = fmt::format(
        R"({{"id": "{}", "type": "invoice.paid", "data": {{"id": "{}", "amount": 4200, "currency": "usd", "object": {}}}}})",
        event.id, event.payment_intent, event.body);
    return {"/v1/webhooks/partners/" + partner_name(n % options_.senders),
            "X-Signature: " + crypto::to_hex(key_.mac({body})), body};
  }

 private:
  const Options& options_;
  const EventBodies bodies_;
  const crypto::HmacSha256 key_;
  const std::string at_;
};

struct Door {
  std::string_view name;
  Post (Sender::*post)(std::size_t n) const;
};
constexpr Door kDoors[] = {
    {"stripe", &Sender::stripe}, {"partners", &Sender::partner}, {"connectors", &Sender::connector}};

const Door& door_named(std::string_view name) {
  const auto* const door =
      std::find_if(std::begin(kDoors), std::end(kDoors), [&](const Door& each) { return each.name == name; });
  if (door == std::end(kDoors)) fail(fmt::format("no door is named {}", name));
  return *door;
}

// Complete requests, sent round and round.
std::vector<std::string> make_requests(const Options& options) {
  const Sender sender(options);
  const Door& door = door_named(options.door);
  std::vector<std::string> requests(options.distinct == 0 ? options.events : options.distinct);
  for (std::size_t n = 0; n < requests.size(); ++n) {
    const Post post = (sender.*door.post)(n);
    requests[n] = fmt::format(
        "POST {} HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: application/json; charset=utf-8\r\n"
        "User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\nAccept: */*; q=0.5, "
        "application/json\r\n"
        "Cache-Control: no-cache\r\nContent-Length: {}\r\n{}\r\n\r\n{}",
        post.path, options.host, options.port, post.body.size(), post.signature, post.body);
  }
  return requests;
}

// Bytes of the answer that starts here; 0 while its header is not complete.
std::size_t answer_bytes(std::string_view received) {
  const auto header_end = received.find("\r\n\r\n");
  if (header_end == std::string_view::npos) return 0;
  constexpr std::string_view kName = "\r\nContent-Length: ";
  const auto at = received.find(kName);
  if (at == std::string_view::npos || at > header_end) fail("an answer without Content-Length");
  std::size_t length = 0;
  std::from_chars(received.data() + at + kName.size(), received.data() + header_end, length);
  return header_end + 4 + length;
}

class Connection {
 public:
  explicit Connection(const Options& options) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options.port);
    ::inet_pton(AF_INET, options.host.c_str(), &address.sin_addr);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      fail(fmt::format("cannot connect: {}", std::strerror(errno)));
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(socket_); }

  int socket() const noexcept { return socket_; }

  // The socket is blocking, but a request fits into its send buffer: nothing else is on its way.
  void send(std::string_view request) {
    sent_at_ = SteadyClock::now();
    if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
      fail("a request could not be sent");
  }

  Seconds waited() const { return SteadyClock::now() - sent_at_; }

  // Reads what is there; true when the answer is complete.
  bool receive() {
    const auto got = ::recv(socket_, buffer_.data() + filled_, buffer_.size() - filled_, 0);
    if (got <= 0) fail("a connection was closed before its answer");
    filled_ += static_cast<std::size_t>(got);
    const std::string_view received(buffer_.data(), filled_);
    const std::size_t complete = answer_bytes(received);
    if (complete == 0 || filled_ < complete) return false;
    if (!received.starts_with("HTTP/1.1 200 ")) fail(fmt::format("not 200: {}", received));
    filled_ = 0;
    return true;
  }

 private:
  int socket_;
  std::array<char, 4096> buffer_;
  std::size_t filled_ = 0;
  SteadyClock::time_point sent_at_;
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options), requests_(make_requests(options)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    waits_.reserve(options.events);
    for (std::size_t i = 0; i < options.connections; ++i) {
      connections_.push_back(std::make_unique<Connection>(options));
      epoll_event interest{};
      interest.events = EPOLLIN;
      interest.data.ptr = connections_.back().get();
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_.back()->socket(), &interest);
    }
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() { ::close(epoll_); }

  void run() {
    for (const auto& connection : connections_) send_next(*connection);
    while (waits_.size() < options_.events) answer_ready();
  }

  // After run(): what this part of the events waited at most.
  Seconds waited(double part) {
    const auto at =
        waits_.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(waits_.size() - 1));
    std::nth_element(waits_.begin(), at, waits_.end());
    return *at;
  }

 private:
  void answer_ready() {
    std::array<epoll_event, 256> ready;
    const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 30'000);
    if (count <= 0) fail("no answer within 30 s");
    for (int i = 0; i < count; ++i) {
      auto& connection = *static_cast<Connection*>(ready[static_cast<std::size_t>(i)].data.ptr);
      if (!connection.receive()) continue;
      waits_.push_back(connection.waited());
      send_next(connection);
    }
  }

  void send_next(Connection& connection) {
    if (sent_ < options_.events) connection.send(requests_[sent_++ % requests_.size()]);
  }

  const Options& options_;
  const std::vector<std::string> requests_;
  int epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t sent_ = 0;
  std::vector<Seconds> waits_;  // of those that are answered
};

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  using namespace penstock::bench;
  Options options;
  CLI::App app("Closed-loop load of signed events");
  app.add_option("--port", options.port)->required();
  app.add_option("--secret", options.secret)->required();
  app.add_option("--door", options.door, "stripe, partners or connectors");
  app.add_option("--senders", options.senders, "partners or orgs that take turns");
  app.add_option("--connections", options.connections);
  app.add_option("--events", options.events)->required();
  app.add_option("--distinct", options.distinct);
  CLI11_PARSE(app, argc, argv);

  Load load(options);
  const auto start = SteadyClock::now();
  load.run();
  const auto took = SteadyClock::now() - start;
  report_answers(options.events, took, load.waited(0.5), load.waited(0.99));
}
