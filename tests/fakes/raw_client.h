// A client that sends exactly the bytes it is told to. All waits are bounded.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::fakes {

class RawClient {
 public:
  // `address` is "127.0.0.1:8080"; `from` another loopback address to connect from.
  explicit RawClient(const std::string& address, const std::string& from = "127.0.0.1",
                     int receive_buffer_bytes = 0) {
    const auto colon = address.rfind(':');
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer_bytes > 0)
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const sockaddr_in local = endpoint(from, 0);
    ::bind(fd_, reinterpret_cast<const sockaddr*>(&local), sizeof local);
    const sockaddr_in remote = endpoint(address.substr(0, colon), std::atoi(address.c_str() + colon + 1));
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&remote), sizeof remote) == 0;
  }
  // At once, so that no port is kept for a minute: thousands of these come and go.
  ~RawClient() {
    const linger none{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    ::close(fd_);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const noexcept { return connected_; }

  // False when the other side has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  bool send_byte_by_byte(std::string_view bytes) {
    for (const char& byte : bytes)
      if (!send({&byte, 1})) return false;
    return true;
  }

  void end_of_requests() { ::shutdown(fd_, SHUT_WR); }

  // The next whole answer (head and Content-Length bytes; 100 Continue stands alone); empty when none comes.
  std::string answer(std::chrono::milliseconds within = std::chrono::seconds{10},
                     bool to_head_request = false) {
    const auto by = std::chrono::steady_clock::now() + within;
    for (;;) {
      if (const auto bytes = whole_answer(to_head_request)) {
        auto text = received_.substr(0, *bytes);
        received_.erase(0, *bytes);
        return text;
      }
      if (!receive(by)) return {};
    }
  }

  // All that comes until the server closes. nullopt when it does not in time.
  std::optional<std::string> rest(std::chrono::milliseconds within = std::chrono::seconds{10}) {
    const auto by = std::chrono::steady_clock::now() + within;
    while (receive(by)) {
    }
    if (!ended_) return std::nullopt;
    return received_;
  }

 private:
  static sockaddr_in endpoint(const std::string& host, int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
    return address;
  }

  bool receive(std::chrono::steady_clock::time_point by) {
    using std::chrono::milliseconds;
    const auto left = std::chrono::duration_cast<milliseconds>(by - std::chrono::steady_clock::now()).count();
    pollfd readable{fd_, POLLIN, 0};
    if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) <= 0) return false;
    char bytes[64 * 1024];
    const auto count = ::recv(fd_, bytes, sizeof bytes, 0);
    ended_ = count <= 0;
    if (ended_) return false;
    received_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  std::optional<std::size_t> whole_answer(bool to_head_request) const {
    const auto end = received_.find("\r\n\r\n");
    if (end == std::string::npos) return std::nullopt;
    const auto length_at = received_.find("Content-Length: ");
    const bool has_body = length_at < end && !to_head_request;
    const std::size_t body = has_body ? std::strtoul(received_.c_str() + length_at + 16, nullptr, 10) : 0;
    if (received_.size() < end + 4 + body) return std::nullopt;
    return end + 4 + body;
  }

  int fd_ = -1;
  bool connected_ = false;
  bool ended_ = false;
  std::string received_;
};

inline int status_of(std::string_view answer) {
  return answer.size() > 12 ? std::atoi(std::string(answer.substr(9, 3)).c_str()) : 0;
}

inline std::string_view body_of(std::string_view answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string_view{} : answer.substr(end + 4);
}

}  // namespace penstock::fakes
