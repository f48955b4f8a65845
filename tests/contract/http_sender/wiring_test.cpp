// The sender that programs open.
#include "common/wiring/http_sender.h"

#include "tests/contract/http_sender/scripted_server.h"
#include "tests/contract/http_sender/sending.h"

namespace penstock::testing {
namespace {

TEST(HttpSenderWiring, SaysWhoItIsAndConnectsToNothingLocalUnlessItIsAllowed) {
  std::string agent;
  ScriptedServer server([&](Peer& peer) {
    const auto request = peer.request();
    const auto begin = request.find("User-Agent: ");
    agent = request.substr(begin, request.find("\r\n", begin) - begin);
    peer.answer("ok");
  });
  const auto strict = open_http_sender({});
  ASSERT_TRUE(strict) << strict.error().detail;
  EXPECT_EQ(error_of(send(*strict.value(), post("http://" + server.at("localhost")))), "address_refused");
  EXPECT_EQ(server.accepted(), 0);
  const auto lenient = open_http_sender({parse_ip_range("127.0.0.1").value()});
  ASSERT_TRUE(lenient) << lenient.error().detail;
  EXPECT_TRUE(send(*lenient.value(), post("http://" + server.at("127.0.0.1"))));
  EXPECT_THAT(agent, ::testing::MatchesRegex("User-Agent: Penstock/[0-9]+\\.[0-9]+\\.[0-9]+"));
}

}  // namespace
}  // namespace penstock::testing
