// Whom we believe to be whom.
#include "tests/contract/http_sender/certificates.h"
#include "tests/contract/http_sender/scripted_server.h"
#include "tests/contract/http_sender/sending.h"

namespace penstock::testing {
namespace {

void answer_all(Peer& peer) {
  while (!peer.request().empty()) peer.answer("ok");
}

class SendTls : public ::testing::Test {
 protected:
  std::unique_ptr<CurlHttpSender> trusting(const CertificateAuthority& authority) const {
    auto options = on_loopback();
    options.ca_file = authority.ca_file();
    return open_sender(std::move(options));
  }
  Answer ask(SSL_CTX* server_context, const std::string& host) const {
    ScriptedServer server(answer_all, server_context);
    return send(*trusting(authority_), post("https://" + server.at(host)));
  }

  CertificateAuthority authority_;
};

TEST_F(SendTls, ACertificateOfTheNameIsTrusted) {
  const auto context = authority_.server("DNS:localhost");
  const auto answer = ask(context.get(), "localhost");
  ASSERT_TRUE(answer) << explained(answer);
  EXPECT_EQ(answer.value().body, "ok");
  ASSERT_TRUE(answer.value().progress.secured);
  EXPECT_LE(*answer.value().progress.connected, *answer.value().progress.secured);
  EXPECT_LE(*answer.value().progress.secured, *answer.value().progress.first_byte);
}

TEST_F(SendTls, ACertificateOfTheAddressIsTrusted) {
  const auto context = authority_.server("IP:127.0.0.1");
  const auto answer = ask(context.get(), "127.0.0.1");
  EXPECT_TRUE(answer) << explained(answer);
}

TEST_F(SendTls, ACertificateOfAnotherNameIsRefused) {
  for (const char* name :
       {"DNS:example.com", "DNS:localhost.example.com", "DNS:*.localhost", "IP:127.0.0.1"}) {
    const auto context = authority_.server(name);
    EXPECT_EQ(error_of(ask(context.get(), "localhost")), "tls_failed") << name;
  }
  const auto context = authority_.server("DNS:localhost");
  EXPECT_EQ(error_of(ask(context.get(), "127.0.0.1")), "tls_failed");
}

TEST_F(SendTls, ACertificateOfAnotherAuthorityIsRefused) {
  const CertificateAuthority stranger("Stranger");
  const auto context = stranger.server("DNS:localhost");
  const auto answer = ask(context.get(), "localhost");
  EXPECT_EQ(error_of(answer), "tls_failed");
  EXPECT_THAT(explained(answer), HasSubstr("certificate"));
  const CertificateAuthority namesake;
  const auto forged = namesake.server("DNS:localhost");
  EXPECT_EQ(error_of(ask(forged.get(), "localhost")), "tls_failed");
}

TEST_F(SendTls, TheSystemsAuthoritiesAreTheDefault) {
  const auto context = authority_.server("DNS:localhost");
  ScriptedServer server(answer_all, context.get());
  EXPECT_EQ(error_of(send(*open_sender(), post("https://" + server.at("localhost")))), "tls_failed");
}

TEST_F(SendTls, ACertificateOutOfItsTimeIsRefused) {
  const auto expired = authority_.server("DNS:localhost", -1s);
  EXPECT_EQ(error_of(ask(expired.get(), "localhost")), "tls_failed");
  const auto early = authority_.server("DNS:localhost", 3h);
  EXPECT_EQ(error_of(ask(early.get(), "localhost")), "tls_failed");
}

TEST_F(SendTls, VersionsBefore12AreRefused) {
  const auto context = authority_.server("DNS:localhost");
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  EXPECT_EQ(error_of(ask(context.get(), "localhost")), "tls_failed");
}

TEST_F(SendTls, AServerThatSpeaksNoneIsRefused) {
  ScriptedServer server([](Peer& peer) {
    peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.wait_for_end();
  });
  EXPECT_EQ(error_of(send(*open_sender(), post("https://" + server.at("localhost")))), "tls_failed");
}

TEST_F(SendTls, AConnectionIsKeptAndUsedAgain) {
  const auto context = authority_.server("DNS:localhost");
  ScriptedServer server(answer_all, context.get());
  const auto sender = trusting(authority_);
  for (int i = 0; i < 10; ++i) {
    const auto answer = send(*sender, post("https://" + server.at("localhost")));
    ASSERT_TRUE(answer) << explained(answer);
    EXPECT_EQ(answer.value().progress.connection_reused, i > 0);
  }
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(SendTls, ABodyThatIsCutOffIsNotTakenForWhole) {
  const auto context = authority_.server("DNS:localhost");
  ScriptedServer server(
      [](Peer& peer) {
        if (!peer.request().empty()) peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
      },
      context.get());
  const auto answer = send(*trusting(authority_), post("https://" + server.at("localhost")));
  EXPECT_EQ(error_of(answer), "reset") << explained(answer);
}

// Writing to it raises SIGPIPE unless told not to, and this process does not ignore that.
TEST_F(SendTls, APeerThatIsGoneWhileTheRequestIsSentEndsNoProcess) {
  const auto context = authority_.server("DNS:localhost");
  ScriptedServer server([](Peer& peer) { peer.reset(); }, context.get());
  const auto sender = trusting(authority_);
  for (int i = 0; i < 20; ++i) {
    const auto answer = send(*sender, post("https://" + server.at("localhost"), std::string(1'000'000, 'x')));
    EXPECT_EQ(error_of(answer), "reset") << explained(answer);
  }
}

TEST_F(SendTls, AuthoritiesThatCannotBeReadAreSaidAtTheStart) {
  auto options = on_loopback();
  options.ca_file = "/no/such/file.pem";
  const auto sender = CurlHttpSender::open(std::move(options));
  ASSERT_FALSE(sender);
  EXPECT_EQ(sender.error().code, ErrorCode::invalid);
  EXPECT_THAT(sender.error().detail, HasSubstr("/no/such/file.pem"));
}

}  // namespace
}  // namespace penstock::testing
