// The routes of sign-ins on the real server, before a provider that says who somebody is by the code, and a log that
// answers when the test says so.
#include "ingress/signin/sign_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingress/intake/intake.h"
#include "ingress/signin/signed_in_record.h"
#include "tests/contract/http/door_test.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

const Position kPosition{"users", Partition{0}, Offset{7}};

// Whose codes are subjects.
class Hub final : public IdentityProvider {
 public:
  void authorize_url(AuthorizationRequest request, ProviderDone<std::string> done) override {
    done("https://hub/authorize?state=" + request.state);
  }
  void exchange(CodeExchange exchange, ProviderDone<ProviderIdentity> done) override {
    done(ProviderIdentity{exchange.code, std::nullopt, std::nullopt});
  }
};

class SignInTest : public DoorTest {
 protected:
  struct Begun {
    std::string state;
    std::string cookie;
  };

  void serve(bool secure_cookies = true, std::uint32_t requests_per_minute = 0) {
    IdentityProviders providers;
    providers.emplace("hub", std::make_unique<Hub>());
    sign_in_.emplace(SignInOptions{.public_url = "https://h",
                                   .app_url = "https://app",
                                   .secure_cookies = secure_cookies,
                                   .requests_per_minute = requests_per_minute,
                                   .trusted_proxies = {parse_ip_range("127.0.0.1").value()}},
                     SignInParts{std::move(providers),
                                 [this](Record&& record, AppendDone done) {
                                   return intake_->append(std::move(record), std::move(done));
                                 },
                                 settings_, sealer_, sessions_, Catalogue::builtin(), clock_, metrics_});
    serve_routes(sign_in_->routes());
  }

  static std::string get(const std::string& target, const std::string& cookie = {}) {
    return "GET " + target + " HTTP/1.1\r\nHost: h\r\n" +
           (cookie.empty() ? "" : "Cookie: " + cookie + "\r\n") + "\r\n";
  }
  static std::string between(const std::string& text, const std::string& from, const std::string& to) {
    const auto begin = text.find(from);
    EXPECT_NE(begin, std::string::npos) << text;
    return text.substr(begin + from.size(), text.find(to, begin + from.size()) - begin - from.size());
  }

  Begun begin(const std::string& query = "provider=hub&return_to=/orders") {
    const auto answer = ask(get("/api/auth/login?" + query));
    EXPECT_EQ(status_of(answer), 302) << answer;
    return {between(answer, "?state=", "\r\n"), between(answer, "Set-Cookie: ", ";")};
  }
  std::string come_back(const Begun& begun, const std::string& rest = "&code=17") {
    return get("/api/auth/callback?state=" + begun.state + rest, begun.cookie);
  }
  void ban(const std::string& id, registry::State state = registry::State::there) {
    settings_.apply({{registry::make_key<registry::Ban>(id), state, {{1}, registry::Ban{}}}});
  }

  registry::Table settings_;
  const std::vector<std::string> master_keys_{std::string(32, 'k')};
  const crypto::Sealer sealer_{master_keys_};
  const std::shared_ptr<const Sessions> sessions_ =
      std::make_shared<const Sessions>(SessionOptions{"https://h", 24h}, master_keys_, clock_);
  std::optional<SignIn> sign_in_;
};

TEST_F(SignInTest, ASessionIsHandedOutOnceTheLogHasTheEvent) {
  settings_.replace({});
  serve();
  RawClient client(server_->bound_address());
  client.send(come_back(begin()));
  auto held = log_.take();
  ASSERT_TRUE(held);
  EXPECT_EQ(client.answer(50ms), "") << "not yet durable";
  held->done(kPosition);
  const auto answer = client.answer();
  EXPECT_EQ(status_of(answer), 302);
  EXPECT_THAT(answer, HasSubstr("\r\nLocation: https://app/orders\r\n"));
  EXPECT_THAT(answer, HasSubstr("; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure\r\n"));
  EXPECT_THAT(
      answer,
      HasSubstr(
          "\r\nSet-Cookie: __Host-penstock_signin=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure\r\n"));
  const auto session = sessions_->verify(between(answer, "penstock_session=", ";"));
  ASSERT_TRUE(std::holds_alternative<Session>(session));
  EXPECT_EQ(std::get<Session>(session).user, user_id("hub", "17"));
  EXPECT_EQ(std::get<Session>(session).account, "hub/17") << "which a ban would name";
  EXPECT_EQ(held->record.key, user_id("hub", "17"));
  EXPECT_EQ(held->record.topic, "users");
}

TEST_F(SignInTest, WithoutTheLogNobodyHasSignedIn) {
  settings_.replace({});
  serve();
  log_.refuse_with(Error{ErrorCode::unavailable, "away"});
  const auto answer = ask(come_back(begin()));
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_THAT(answer, HasSubstr(R"("type":"log_unavailable")"));
  EXPECT_THAT(answer, HasSubstr("\r\nRetry-After: 5\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("penstock_session=")));

  log_.refuse_with(std::nullopt);
  clock_.advance(1min);
  RawClient client(server_->bound_address());
  client.send(come_back(begin()));
  auto held = log_.take();
  ASSERT_TRUE(held);
  held->done(Error{ErrorCode::timeout, "late"});
  EXPECT_EQ(status_of(client.answer()), 503);
}

TEST_F(SignInTest, AWayBackThatBeganTooLongAgoIs400WhateverElseItSays) {
  settings_.replace({});
  serve();
  const auto begun = begin();
  clock_.advance(10min);
  for (const auto* rest : {"&code=17", "&error=access_denied", ""}) {
    const auto answer = ask(come_back(begun, rest));
    EXPECT_EQ(status_of(answer), 400);
    EXPECT_THAT(answer, HasSubstr(R"("type":"invalid_state")"));
  }
  EXPECT_THAT(metrics_.exposition(),
              HasSubstr("penstock_ingress_sign_ins_total{outcome=\"state_expired\"} 3"));
  EXPECT_EQ(log_.waiting(), 0U);
}

TEST_F(SignInTest, WhileItIsNotKnownWhoIsBannedNobodySignsIn) {
  serve();
  EXPECT_EQ(status_of(ask(come_back(begin()))), 503);
  settings_.replace({});
  ban("hub/18", registry::State::unreadable);
  const auto answer = ask(come_back(begin(), "&code=18"));
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_THAT(answer, HasSubstr(R"("type":"settings_unavailable")"));
  EXPECT_EQ(log_.waiting(), 0U);
}

TEST_F(SignInTest, ABanIsOfOneAccountOfOneProvider) {
  settings_.replace({});
  ban("hub/18");
  ban("other/17");
  serve();
  const auto answer = ask(come_back(begin(), "&code=18"));
  EXPECT_EQ(status_of(answer), 403);
  EXPECT_THAT(answer, HasSubstr(R"("type":"banned")"));
  EXPECT_EQ(log_.waiting(), 0U);
  RawClient client(server_->bound_address());
  client.send(come_back(begin()));
  auto held = log_.take();
  ASSERT_TRUE(held);
  held->done(kPosition);
  EXPECT_EQ(status_of(client.answer()), 302);
}

TEST_F(SignInTest, EachAddressHasARateOfItsOwn) {
  settings_.replace({});
  serve(true, 3);
  const auto from = [](const std::string& address, std::string request) {
    return request.insert(request.find("Host:"), "X-Forwarded-For: " + address + "\r\n");
  };
  const auto login = get("/api/auth/login?provider=hub"), callback = get("/api/auth/callback?state=x&code=y");
  EXPECT_EQ(status_of(ask(from("192.0.2.1", login))), 302);
  EXPECT_EQ(status_of(ask(from("192.0.2.1", callback))), 400);
  EXPECT_EQ(status_of(ask(from("192.0.2.1", login))), 302);
  for (const auto& request : {login, callback}) {
    const auto refused = ask(from("192.0.2.1", request));
    EXPECT_EQ(status_of(refused), 429);
    EXPECT_THAT(refused, HasSubstr("\r\nRetry-After: 20\r\n"));
    EXPECT_THAT(refused, HasSubstr("\r\nCache-Control: no-store\r\n"));
  }
  EXPECT_EQ(status_of(ask(from("192.0.2.2", login))), 302);
  EXPECT_THAT(metrics_.exposition(),
              HasSubstr("penstock_ingress_sign_ins_total{outcome=\"rate_limited\"} 2"));
  EXPECT_EQ(status_of(ask(
                from("192.0.2.1", "POST /api/auth/logout HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"))),
            303)
      << "whoever wants to go may";
  clock_.advance(20s);
  EXPECT_EQ(status_of(ask(from("192.0.2.1", login))), 302);
}

TEST_F(SignInTest, NoCacheKeepsAnAnswerAndNoPageHearsOfIt) {
  settings_.replace({});
  serve();
  for (const auto& request :
       {get("/api/auth/login?provider=hub"), get("/api/auth/login?provider=x"),
        get("/api/auth/callback?state=x&code=y"), come_back(begin(), "&error=access_denied")}) {
    const auto answer = ask(request);
    EXPECT_THAT(answer, HasSubstr("\r\nCache-Control: no-store\r\n")) << request;
    EXPECT_THAT(answer, HasSubstr("\r\nReferrer-Policy: no-referrer\r\n")) << request;
  }
}

TEST_F(SignInTest, OnThisMachineCookiesNeedNoTls) {
  settings_.replace({});
  serve(false);
  const auto answer = ask(get("/api/auth/login?provider=hub"));
  EXPECT_THAT(answer, HasSubstr("\r\nSet-Cookie: penstock_signin="));
  EXPECT_THAT(answer, Not(HasSubstr("Secure")));
}

TEST_F(SignInTest, SigningOutIsForOurOwnPages) {
  settings_.replace({});
  serve();
  const auto sign_out = [&](const std::string& fields) {
    return ask("POST /api/auth/logout HTTP/1.1\r\nHost: h\r\n" + fields + "Content-Length: 0\r\n\r\n");
  };
  for (const auto* origin : {"https://h", "https://app"}) {
    const auto answer = sign_out(std::string("Origin: ") + origin + "\r\n");
    EXPECT_EQ(status_of(answer), 303);
    EXPECT_THAT(
        answer,
        HasSubstr(
            "\r\nSet-Cookie: penstock_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nLocation: https://app/login\r\n"));
  }
  EXPECT_EQ(status_of(sign_out("")), 303) << "no browser";
  for (const auto* origin : {"https://evil", "http://h", "https://h:8443", "null", ""})
    EXPECT_EQ(status_of(sign_out(std::string("Origin: ") + origin + "\r\n")), 403) << origin;
}

}  // namespace
}  // namespace penstock
