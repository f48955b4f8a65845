// A Kafka broker of the test's own, which it may set up and mistreat as it likes.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace penstock {

// A port of 127.0.0.1 that nothing listens on now, and that the kernel gives to nobody: a broker takes seconds
// until it listens.
int free_port();

// Started on construction, which does not wait until it serves; killed and removed on destruction.
class Broker {
 public:
  // "auto.create.topics.enable=true": over those of deploy/kafka/server.properties.
  explicit Broker(std::vector<std::string> settings = {});
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void start();
  void hang();
  void go_on();
  void kill_now();
  // Turns the first byte of this text into another one, and the next time back, wherever the broker has stored
  // it: as a disk may.
  void damage(const std::string& text);

 private:
  const std::vector<std::string> settings_;
  std::filesystem::path folder_;
  const int port_ = free_port();
  const int controller_port_ = free_port();
  pid_t process_ = -1;
};

}  // namespace penstock
