#include "tests/contract/event_log/kafka_broker.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <random>

namespace penstock {

namespace {

bool can_bind(int port) {
  const int socket_id = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound = bind(socket_id, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(socket_id);
  return bound;
}

}  // namespace

int free_port() {
  std::random_device random;
  std::uniform_int_distribution<int> ports(20'000, 31'999);
  for (int tries = 0; tries < 200; ++tries)
    if (const int port = ports(random); can_bind(port)) return port;
  ADD_FAILURE() << "no free port found";
  return 0;
}

Broker::Broker(std::vector<std::string> settings) : settings_(std::move(settings)) {
  std::string folder = (std::filesystem::temp_directory_path() / "penstock.XXXXXX").string();
  folder_ = mkdtemp(folder.data());
  start();
}

Broker::~Broker() {
  kill_now();
  std::filesystem::remove_all(folder_);
}

void Broker::start() {
  std::vector<std::string> words = {PENSTOCK_SOURCE_DIR "/deploy/kafka/run-broker", folder_.string(),
                                    std::to_string(port_), std::to_string(controller_port_)};
  words.insert(words.end(), settings_.begin(), settings_.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  process_ = fork();
  ASSERT_GE(process_, 0);
  if (process_ != 0) return;
  const int out = open((folder_ / "broker.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  execv(arguments[0], arguments.data());
  _exit(127);
}

void Broker::damage(const std::string& text) {
  const std::string rest = text.substr(1);  // the first byte may be damaged already
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    if (entry.path().extension() != ".log") continue;
    std::fstream file(entry.path(), std::ios::binary | std::ios::in | std::ios::out);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const std::size_t at = bytes.find(rest);
    if (at == std::string::npos || at == 0) continue;
    file.clear();
    file.seekp(static_cast<std::streamoff>(at - 1));
    file.put(static_cast<char>(bytes[at - 1] ^ 1));
    return;
  }
  ADD_FAILURE() << "the broker has stored no " << text;
}

void Broker::hang() { kill(process_, SIGSTOP); }
void Broker::go_on() { kill(process_, SIGCONT); }

void Broker::kill_now() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

}  // namespace penstock
