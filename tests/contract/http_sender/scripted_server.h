// A server that does to its clients whatever a test says, byte by byte.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace penstock::testing {

// One accepted connection. Every wait ends with the server.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  bool handshake(SSL_CTX* context);

  // The next whole request, head and Content-Length bytes; empty when the client has ended.
  std::string request();
  // False when the client is gone.
  bool write(std::string_view bytes);
  bool answer(std::string_view body, std::string_view fields = {}, int status = 200);

  // Until the client ends.
  void wait_for_end();
  void reset();      // the client gets a RST
  void interrupt();  // from another thread: what waits ends

 private:
  bool read_some();

  const int fd_;
  SSL* tls_ = nullptr;
  std::string received_;
};

class ScriptedServer {
 public:
  // Run once a connection, on a thread of its own; the connection ends with it.
  using Script = std::function<void(Peer&)>;

  // With a context it speaks TLS: the script begins after the handshake.
  explicit ScriptedServer(Script script, SSL_CTX* context = nullptr,
                          const std::string& address = "127.0.0.1");
  ~ScriptedServer();

  std::uint16_t port() const noexcept { return port_; }
  int accepted() const noexcept { return accepted_; }
  // "127.0.0.1:1234" and "localhost:1234".
  std::string at(const std::string& host) const { return host + ":" + std::to_string(port_); }

 private:
  void accept_all();
  void serve(int fd);

  const Script script_;
  SSL_CTX* const context_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_{0};
  std::mutex mutex_;
  bool stopped_ = false;
  std::list<Peer*> peers_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace penstock::testing
