// Against nghttpd (nghttp2-server), which speaks HTTP/2 over TLS.
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "common/core/check.h"
#include "tests/contract/http_sender/certificates.h"
#include "tests/contract/http_sender/sending.h"

namespace penstock::testing {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  CHECK(::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  CHECK(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

bool listens(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

// Echoes what is posted, and serves the files of a folder.
class Nghttpd {
 public:
  explicit Nghttpd(const CertificateAuthority& authority) : port_(free_port()) {
    authority.write(authority.sign("DNS:localhost"), "server");
    const auto folder = authority.folder().string();
    std::vector<std::string> words{
        "nghttpd", "--address=127.0.0.1", "--echo-upload",        "--htdocs",
        folder,    std::to_string(port_), folder + "/server.key", folder + "/server.pem"};
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::setenv("PATH", (std::string(::getenv("PATH")) + ":/usr/sbin").c_str(), 1);  // where Debian keeps it
    CHECK(::posix_spawnp(&process_, "nghttpd", nullptr, nullptr, arguments.data(), environ) == 0);
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!listens(port_)) {
      CHECK(std::chrono::steady_clock::now() < until && ::waitpid(process_, nullptr, WNOHANG) == 0);
      std::this_thread::yield();
    }
  }
  ~Nghttpd() {
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
  }

  std::string url(const std::string& path) const {
    return "https://localhost:" + std::to_string(port_) + path;
  }

 private:
  const int port_;
  pid_t process_ = 0;
};

class SendHttp2 : public ::testing::Test {
 protected:
  SendHttp2() : server_(authority_) {
    auto options = on_loopback();
    options.ca_file = authority_.ca_file();
    sender_ = open_sender(std::move(options));
  }

  CertificateAuthority authority_;
  Nghttpd server_;
  std::unique_ptr<CurlHttpSender> sender_;
};

TEST_F(SendHttp2, IsSpokenWhereTheServerOffersIt) {
  auto request = post(server_.url("/echo"), "hello");
  request.headers = {{"Content-Type", "text/plain"}};
  const auto answer = send(*sender_, request);
  ASSERT_TRUE(answer) << explained(answer);
  EXPECT_EQ(answer.value().status, 200);
  EXPECT_EQ(answer.value().body, "hello");
  EXPECT_THAT(answer.value().header("server").value_or(""), HasSubstr("nghttp2"));
  EXPECT_TRUE(answer.value().progress.secured);
}

TEST_F(SendHttp2, ManyRequestsShareAConnection) {
  ASSERT_TRUE(send(*sender_, post(server_.url("/echo"))));
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < 100; ++i)
    answers.push_back(begin(*sender_, post(server_.url("/echo"), std::to_string(i))));
  int shared = 0;
  for (int i = 0; i < 100; ++i) {
    const auto answer = wait_for(answers[static_cast<std::size_t>(i)]);
    ASSERT_TRUE(answer) << explained(answer);
    EXPECT_EQ(answer.value().body, std::to_string(i));
    if (answer.value().progress.connection_reused) ++shared;
  }
  EXPECT_EQ(shared, 100);
}

TEST_F(SendHttp2, LargeBodiesGoBothWays) {
  auto request = post(server_.url("/echo"), std::string(1024 * 1024, 'x'));
  request.limits.body_bytes_kept = request.limits.body_bytes_max = 2 * 1024 * 1024;
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < 10; ++i) answers.push_back(begin(*sender_, request));
  for (auto& each : answers) {
    const auto answer = wait_for(each);
    ASSERT_TRUE(answer) << explained(answer);
    EXPECT_EQ(answer.value().body, request.body);
  }
}

TEST_F(SendHttp2, ARequestThatIsBrokenOffCostsTheOthersOfItsConnectionNothing) {
  ASSERT_TRUE(send(*sender_, post(server_.url("/echo"))));
  for (int i = 0; i < 20; ++i) {
    auto large = begin(*sender_, post(server_.url("/echo"), std::string(100'000, 'x')));
    auto small = begin(*sender_, post(server_.url("/echo"), "small"));
    EXPECT_EQ(error_of(wait_for(large)), "answer_too_large");
    const auto answer = wait_for(small);
    ASSERT_TRUE(answer) << explained(answer);
    EXPECT_EQ(answer.value().body, "small");
  }
}

TEST_F(SendHttp2, AFileIsGotAndAMissingOneIsAnAnswer) {
  std::ofstream(authority_.folder() / "file.txt") << "from a file";
  const auto file = send(*sender_, get(server_.url("/file.txt")));
  ASSERT_TRUE(file) << explained(file);
  EXPECT_EQ(file.value().body, "from a file");
  const auto missing = send(*sender_, get(server_.url("/missing.txt")));
  ASSERT_TRUE(missing) << explained(missing);
  EXPECT_EQ(missing.value().status, 404);
}

}  // namespace
}  // namespace penstock::testing
