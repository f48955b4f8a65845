// bench_sink: a receiver of webhooks that costs as little as it can. HTTP/1.1 over keep-alive connections, one thread.
//
//   POST /now/…       200 with an empty body, at once
//   POST /after/5/…   the same, after so many milliseconds
//   POST /never/…     no answer
//   GET /arrivals/N   once N have arrived: "<number of the event> <arrival in nanoseconds of CLOCK_MONOTONIC>", a line each; then they
//                     are forgotten
//
// An event's number is the `n` with which its data begins.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/bench/programs/report.h"

namespace penstock::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

std::uint64_t number_after(std::string_view text, std::string_view what) {
  const auto at = text.find(what);
  std::uint64_t number = 0;
  if (at != std::string_view::npos)
    std::from_chars(text.data() + at + what.size(), text.data() + text.size(), number);
  return number;
}

struct Request {
  std::string_view target;  // "POST /now/"
  std::string_view body;
  std::size_t bytes;
};

// nullopt: more is to come.
std::optional<Request> first_request(std::string_view received) {
  const auto head_end = received.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return std::nullopt;
  const auto head = received.substr(0, head_end);
  const std::size_t length = number_after(head, "Content-Length: ");
  const std::size_t bytes = head_end + 4 + length;
  if (received.size() < bytes) return std::nullopt;
  return Request{head.substr(0, head.find(" HTTP/1.1")), received.substr(head_end + 4, length), bytes};
}

int listen_on(std::uint16_t port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(listener, 4096) != 0)
    fail("cannot listen");
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  report_listening(fmt::format("127.0.0.1:{}", ntohs(address.sin_port)));
  return listener;
}

class Sink {
 public:
  explicit Sink(int listener) : listener_(listener), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    watch(listener_);
  }

  [[noreturn]] void run() {
    for (;;) {
      std::array<epoll_event, 256> ready;
      const int count =
          ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), until_next_answer());
      for (int i = 0; i < count; ++i) {
        const int socket = ready[static_cast<std::size_t>(i)].data.fd;
        if (socket == listener_)
          accept_all();
        else
          read(socket);
      }
      answer_late();
    }
  }

 private:
  struct Connection {
    std::uint64_t serial = 0;  // a socket's number is used again
    std::string received;
  };
  struct Late {
    SteadyClock::time_point at;
    int socket;
    std::uint64_t serial;
  };
  struct Asker {
    int socket;
    std::size_t arrivals;
  };

  void watch(int socket) {
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.fd = socket;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &interest);
  }

  void accept_all() {
    for (;;) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (socket < 0) return;
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connections_[socket] = {++serial_, {}};
      watch(socket);
    }
  }

  void read(int socket) {
    std::array<char, 64 * 1024> buffer;
    const auto got = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      connections_.erase(socket);
      ::close(socket);
      return;
    }
    auto& connection = connections_.at(socket);
    connection.received.append(buffer.data(), static_cast<std::size_t>(got));
    while (const auto request = first_request(connection.received)) {
      take(socket, connection, *request);
      connection.received.erase(0, request->bytes);
    }
  }

  void take(int socket, const Connection& connection, const Request& request) {
    if (request.target.starts_with("GET ")) {
      asker_ = Asker{socket, number_after(request.target, "/arrivals/")};
      return answer_asker();
    }
    const auto now = SteadyClock::now();
    arrivals_.push_back({number_after(request.body, "\"data\":{\"n\":"), now.time_since_epoch().count()});
    if (request.target.starts_with("POST /now/"))
      send(socket, kAnswer);
    else if (request.target.starts_with("POST /after/"))
      late_.push_back({now + std::chrono::milliseconds{number_after(request.target, "/after/")}, socket,
                       connection.serial});
    answer_asker();
  }

  void answer_asker() {
    if (!asker_ || arrivals_.size() < asker_->arrivals) return;
    std::string lines;
    for (const auto& [number, at] : arrivals_) lines += fmt::format("{} {}\n", number, at);
    arrivals_.clear();
    // It is as large as it is: this one connection may block.
    const std::string answer = fmt::format(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", lines.size(), lines);
    send(asker_->socket, answer);
    asker_.reset();
  }

  void send(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EAGAIN) continue;
      if (sent < 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // Every request waits for as long, so the first that came is the first that is answered.
  int until_next_answer() const {
    if (late_.empty()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(late_.front().at - SteadyClock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  }

  void answer_late() {
    for (const auto now = SteadyClock::now(); !late_.empty() && late_.front().at <= now; late_.pop_front()) {
      const auto connection = connections_.find(late_.front().socket);
      if (connection != connections_.end() && connection->second.serial == late_.front().serial)
        send(late_.front().socket, kAnswer);
    }
  }

  const int listener_;
  const int epoll_;
  std::uint64_t serial_ = 0;
  std::unordered_map<int, Connection> connections_;
  std::deque<Late> late_;
  std::vector<std::pair<std::uint64_t, std::int64_t>> arrivals_;
  std::optional<Asker> asker_;
};

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  CLI::App app("A receiver of webhooks");
  app.add_option("--port", port);
  CLI11_PARSE(app, argc, argv);
  penstock::bench::Sink(penstock::bench::listen_on(port)).run();
}
