#include "tests/contract/http_sender/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "common/core/check.h"

namespace penstock::testing {

Peer::~Peer() {
  SSL_free(tls_);
  ::close(fd_);
}

bool Peer::handshake(SSL_CTX* context) {
  tls_ = SSL_new(context);
  SSL_set_fd(tls_, fd_);
  return SSL_accept(tls_) == 1;
}

bool Peer::read_some() {
  char bytes[16 * 1024];
  const auto count = tls_ != nullptr ? SSL_read(tls_, bytes, sizeof bytes)
                                     : static_cast<int>(::recv(fd_, bytes, sizeof bytes, 0));
  if (count <= 0) return false;
  received_.append(bytes, static_cast<std::size_t>(count));
  return true;
}

std::string Peer::request() {
  for (;;) {
    const auto end = received_.find("\r\n\r\n");
    const auto length_at = received_.find("Content-Length: ");
    const std::size_t body =
        length_at < end ? std::strtoul(received_.c_str() + length_at + 16, nullptr, 10) : 0;
    if (end != std::string::npos && received_.size() >= end + 4 + body) {
      auto whole = received_.substr(0, end + 4 + body);
      received_.erase(0, whole.size());
      return whole;
    }
    if (!read_some()) return {};
  }
}

bool Peer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = tls_ != nullptr
                           ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                           : static_cast<int>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool Peer::answer(std::string_view body, std::string_view fields, int status) {
  std::string text = "HTTP/1.1 " + std::to_string(status) + " Whatever\r\n";
  text.append(fields).append("Content-Length: ").append(std::to_string(body.size()));
  text.append("\r\n\r\n").append(body);
  return write(text);
}

void Peer::wait_for_end() {
  while (read_some()) received_.clear();
}

void Peer::reset() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void Peer::interrupt() { ::shutdown(fd_, SHUT_RDWR); }

ScriptedServer::ScriptedServer(Script script, SSL_CTX* context, const std::string& address)
    : script_(std::move(script)), context_(context) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in local{};
  local.sin_family = AF_INET;
  ::inet_pton(AF_INET, address.c_str(), &local.sin_addr);
  socklen_t size = sizeof local;
  CHECK(::bind(listener_, reinterpret_cast<const sockaddr*>(&local), size) == 0);
  CHECK(::listen(listener_, SOMAXCONN) == 0);
  CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&local), &size) == 0);
  port_ = ntohs(local.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    for (Peer* peer : peers_) peer->interrupt();
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (auto& thread : threads_) thread.join();
  ::close(listener_);
}

void ScriptedServer::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0 && errno == EMFILE) {
      std::this_thread::yield();
      continue;
    }
    if (fd < 0) return;
    ++accepted_;
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

// A test's own process keeps SIGPIPE as it is: the sender has to live with that.
void ScriptedServer::serve(int fd) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Peer peer(fd);
  const auto place = [&] {
    const std::scoped_lock lock(mutex_);
    if (stopped_) peer.interrupt();
    return peers_.insert(peers_.end(), &peer);
  }();
  if (context_ == nullptr || peer.handshake(context_)) script_(peer);
  const std::scoped_lock lock(mutex_);
  peers_.erase(place);
}

}  // namespace penstock::testing
