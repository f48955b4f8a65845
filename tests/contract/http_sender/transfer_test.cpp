// The check where libcurl opens a socket, and before each request: what holds when the look-up was fooled.
#include "common/adapters/curl/transfer.h"

#include "tests/contract/http_sender/scripted_server.h"
#include "tests/contract/http_sender/sending.h"

namespace penstock::curl {
namespace {

using namespace penstock::testing;

class TransferTest : public ::testing::Test {
 protected:
  TransferTest() { EXPECT_TRUE(library_is_ready()); }

  std::unique_ptr<Transfer> transfer(const std::string& url) {
    auto request = post(url);
    auto parsed = parse_outgoing_url(request.url, true).value();
    return std::make_unique<Transfer>(std::move(request), std::move(parsed),
                                      [this](Answer answer) { answers_.push_back(std::move(answer)); });
  }

  // On connections of this test's own.
  Answer run(Transfer& transfer) {
    curl_multi_add_handle(multi_.get(), transfer.handle());
    int running = 1;
    while (running > 0) {
      curl_multi_perform(multi_.get(), &running);
      if (running > 0) curl_multi_poll(multi_.get(), nullptr, 0, 1'000, nullptr);
    }
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(multi_.get(), &left);
    const CURLcode code = message->data.result;
    curl_multi_remove_handle(multi_.get(), transfer.handle());
    deadlines_.clear(&transfer);
    transfer.finish(code);
    return answers_.back();
  }

  const CurlSenderOptions loopback_ = on_loopback();
  const CurlSenderOptions nothing_ = [] {
    auto options = on_loopback();
    options.policy = AddressPolicy();
    return options;
  }();
  const IpAddresses local_{parse_ip_address("127.0.0.1").value()};
  Deadlines deadlines_;
  Multi multi_{curl_multi_init()};
  std::vector<Answer> answers_;
};

void answer_all(Peer& peer) {
  while (!peer.request().empty()) peer.answer("ok");
}

TEST_F(TransferTest, RefusesTheVeryAddressThatIsConnectedTo) {
  ScriptedServer server(answer_all);
  for (const char* host : {"127.0.0.1", "name.example"}) {
    const auto refused = transfer("http://" + server.at(host));
    ASSERT_TRUE(refused->prepare(local_, nothing_, deadlines_));
    const auto answer = run(*refused);
    EXPECT_EQ(testing::error_of(answer), "address_refused");
    EXPECT_THAT(explained(answer), HasSubstr("127.0.0.1 is this machine"));
    EXPECT_EQ(answer.error().progress.address, server.at("127.0.0.1"));
  }
  EXPECT_EQ(server.accepted(), 0);
}

TEST_F(TransferTest, OneRefusedAddressEndsItThoughAnotherWouldDo) {
  ScriptedServer server(answer_all);
  const auto refused = transfer("http://" + server.at("name.example"));
  auto options = on_loopback();
  options.policy = allowing({"127.0.0.1"});
  ASSERT_TRUE(refused->prepare({parse_ip_address("127.0.0.2").value(), local_.front()}, options, deadlines_));
  EXPECT_EQ(testing::error_of(run(*refused)), "address_refused");
  EXPECT_EQ(server.accepted(), 0);
}

TEST_F(TransferTest, AKeptConnectionIsJudgedBeforeEachRequest) {
  std::atomic<int> requests{0};
  ScriptedServer server([&](Peer& peer) {
    while (!peer.request().empty()) {
      ++requests;
      peer.answer("ok");
    }
  });
  const auto first = transfer("http://" + server.at("name.example"));
  ASSERT_TRUE(first->prepare(local_, loopback_, deadlines_));
  EXPECT_TRUE(run(*first));
  const auto second = transfer("http://" + server.at("name.example"));
  ASSERT_TRUE(second->prepare(local_, nothing_, deadlines_));
  EXPECT_EQ(testing::error_of(run(*second)), "address_refused");
  EXPECT_EQ(requests, 1);
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(TransferTest, LibcurlLooksNoNameUp) {
  ScriptedServer server(answer_all);
  const auto lost = transfer("http://" + server.at("localhost"));
  ASSERT_TRUE(lost->prepare(local_, loopback_, deadlines_));
  curl_easy_setopt(lost->handle(), CURLOPT_RESOLVE, static_cast<curl_slist*>(nullptr));
  EXPECT_EQ(testing::error_of(run(*lost)), "resolve_failed");
  EXPECT_EQ(server.accepted(), 0);
}

TEST_F(TransferTest, TheFirstReasonToFailHolds) {
  const auto failed = transfer("http://127.0.0.1/");
  failed->fail(SendError::cancelled, "first");
  failed->fail(SendError::internal, "second");
  failed->finish();
  EXPECT_EQ(testing::error_of(answers_.back()), "cancelled");
  EXPECT_EQ(explained(answers_.back()), "127.0.0.1:80: first");
}

}  // namespace
}  // namespace penstock::curl
