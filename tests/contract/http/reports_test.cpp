// The reports' route on the real server, before a log that answers when the test says so and tells its claims likewise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/json/value.h"
#include "common/registry/api_key.h"
#include "ingress/doors/reports/reports_door.h"
#include "tests/contract/http/door_test.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr std::string_view kReport =
    R"({"reportable_id":"post-7","reportable_type":"Post","reason":"spam","description":null})";
constexpr std::string_view kAccount = "hub/17";
const Position kPosition{"reports", Partition{0}, Offset{7}};

class ReportsTest : public DoorTest {
 protected:
  ReportsTest() {
    const registry::ApiKey key{"acme", "test", {"reports:write"}, made_.secret_hash};
    table_.replace({{registry::make_key<registry::ApiKey>(made_.id), registry::State::there, {{1}, key}}});
    serve(ReportsDoorOptions{});
  }
  void serve(const ReportsDoorOptions& options) {
    DoorTest::serve(reports_door(options, {table_, sessions_, claims_}, Catalogue::builtin()));
  }
  void ban(const std::string& account, registry::State state) {
    table_.apply({{registry::make_key<registry::Ban>(account), state, {{++bans_}, registry::Ban{}}}});
  }

  std::string with_key(std::string_view body = kReport, const std::string& more = {}) const {
    return http::post("/v1/reports", body,
                      "Content-Type: application/json\r\nX-API-Key: " + made_.key + "\r\n" + more);
  }
  std::string with_session(std::string_view token, const std::string& more = {}) const {
    return http::post(
        "/v1/reports", kReport,
        "Content-Type: application/json\r\nAuthorization: Bearer " + std::string(token) + "\r\n" + more);
  }
  static std::string named(const std::string& key) { return "Idempotency-Key: " + key + "\r\n"; }

  // Has the log take the oldest append, at that place.
  Record take(const Position& position = kPosition) {
    auto held = log_.take();
    EXPECT_TRUE(held);
    if (!held) return {};
    held->done(position);
    return held->record;
  }
  // The log tells a claim, as every ingress reads it.
  void tell(const Record& claim, std::int64_t offset) {
    TailBatch batch;
    batch.records.push_back(
        {{"claims", Partition{0}, Offset{offset}}, clock_.now(), claim.key, claim.value, claim.headers});
    claims_->take(batch);
  }
  static Position claim_at(std::int64_t offset) { return {"claims", Partition{0}, Offset{offset}}; }

  std::int64_t bans_ = 0;
  registry::Table table_;
  const registry::NewApiKey made_ = registry::make_api_key();
  const std::string master_key_ = std::string(32, 'k');
  const Sessions sessions_{
      {"https://hooks.example.com", std::chrono::hours{1}}, std::span(&master_key_, 1), clock_};
  std::shared_ptr<Claims> claims_ = std::make_shared<Claims>(ClaimsOptions{}, clock_, metrics_);
};

TEST_F(ReportsTest, AReportIsAppendedAsItsReportersAndAnsweredWithItsSixFields) {
  RawClient client(server_->bound_address());
  client.send(with_key());
  EXPECT_EQ(client.answer(milliseconds{100}), "") << "not yet durable";
  const Record record = take();
  EXPECT_EQ(record.topic, "reports");
  EXPECT_EQ(record.key, "Post/post-7");
  EXPECT_EQ(record.value, kReport);
  const auto header = [&](std::string_view name) {
    return std::string(find_header(record.headers, name).value_or(""));
  };
  EXPECT_EQ(header("ce_type"), "report.created");
  EXPECT_EQ(header("ce_source"), "api/acme");
  EXPECT_EQ(header("ps_org"), "acme");
  EXPECT_EQ(header("ps_principal"), "key:" + made_.id);
  const auto answer = client.answer();
  EXPECT_EQ(status_of(answer), 201);
  EXPECT_EQ(body_of(answer), R"({"id":")" + header("ce_id") + R"(",)" +
                                 std::string(kReport.substr(1, kReport.size() - 2)) + R"(,"created_at":")" +
                                 to_rfc3339(clock_.now()) + "\"}");
}

TEST_F(ReportsTest, WhoIsSignedInReportsAsAUserOfTheDefaultOrg) {
  RawClient client(server_->bound_address());
  client.send(with_session(sessions_.issue("user-1", kAccount)));
  const Record record = take();
  EXPECT_EQ(find_header(record.headers, "ce_source"), "api/default");
  EXPECT_EQ(find_header(record.headers, "ps_principal"), "user-1");
  EXPECT_EQ(status_of(client.answer()), 201);
}

TEST_F(ReportsTest, ASessionThatIsOverIsNone) {
  const auto token = sessions_.issue("user-1", kAccount);
  clock_.advance(std::chrono::hours{1});
  EXPECT_EQ(status_of(ask(with_session(token))), 401);
  EXPECT_EQ(status_of(ask(with_session("no token"))), 401);
  EXPECT_EQ(log_.waiting(), 0U);
}

TEST_F(ReportsTest, ABanEndsTheSessionsThatAreOpen) {
  const auto token = sessions_.issue("user-1", kAccount);
  ban("hub/18", registry::State::there);
  ban("other/17", registry::State::there);
  RawClient client(server_->bound_address());
  client.send(with_session(token));
  take();
  EXPECT_EQ(status_of(client.answer()), 201);
  ban("hub/17", registry::State::there);
  const auto refused = ask(with_session(token));
  EXPECT_EQ(status_of(refused), 403);
  EXPECT_THAT(refused, HasSubstr(R"("type":"banned")"));
  ban("hub/17", registry::State::unreadable);
  EXPECT_EQ(status_of(ask(with_session(token))), 503) << "it may still be in force";
  ban("hub/17", registry::State::deleted);
  client.send(with_session(token));
  take();
  EXPECT_EQ(status_of(client.answer()), 201);
}

TEST_F(ReportsTest, WhoIsBannedWhileTheBodyIsUnderWayIsTurnedAwayStill) {
  const auto request = with_session(sessions_.issue("user-1", kAccount), "Expect: 100-continue\r\n");
  const auto body_at = request.find("\r\n\r\n") + 4;
  RawClient client(server_->bound_address());
  client.send(request.substr(0, body_at));
  EXPECT_THAT(client.answer(), HasSubstr("100 Continue"));
  ban("hub/17", registry::State::there);
  client.send(request.substr(body_at));
  EXPECT_EQ(status_of(client.answer()), 403);
}

TEST_F(ReportsTest, EachReporterHasARateOfTheirOwn) {
  server_->stop(milliseconds{0});
  serve({.per_minute_of_user = 2, .per_minute_of_key = 3});
  const auto let_in = [&](const std::string& request) {
    RawClient client(server_->bound_address());
    client.send(request);
    take();
    return client.answer();
  };
  const auto one = with_session(sessions_.issue("user-1", kAccount));
  const auto other = with_session(sessions_.issue("user-2", "hub/18"));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(status_of(let_in(one)), 201);
  const auto refused = ask(one);
  EXPECT_EQ(status_of(refused), 429);
  EXPECT_THAT(refused, HasSubstr("\r\nRetry-After: 30\r\n"));
  EXPECT_THAT(refused, HasSubstr(R"("type":"rate_limited")"));
  EXPECT_EQ(status_of(let_in(other)), 201);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status_of(let_in(with_key())), 201);
  EXPECT_EQ(status_of(ask(with_key())), 429);
  clock_.advance(std::chrono::seconds{30});
  EXPECT_EQ(status_of(let_in(one)), 201);
  EXPECT_EQ(status_of(ask(one)), 429);
}

// A body may have 64 KiB, and hardly says more than it means.
TEST_F(ReportsTest, AClaimHoldsNoMoreThanTheReport) {
  RawClient client(server_->bound_address());
  client.send(with_key(std::string(60'000, ' ') + std::string(kReport), named("k")));
  EXPECT_EQ(take(claim_at(0)).value, kReport);
}

TEST_F(ReportsTest, AClaimIsReadBackBeforeTheEventIsAppended) {
  RawClient client(server_->bound_address());
  client.send(with_key(kReport, named("k")));
  const Record claim = take(claim_at(0));
  EXPECT_EQ(claim.topic, "claims");
  EXPECT_EQ(client.answer(milliseconds{100}), "") << "not yet known to be the first";
  EXPECT_EQ(log_.waiting(), 0U);
  tell(claim, 0);
  const Record record = take();
  EXPECT_EQ(record.topic, "reports");
  EXPECT_EQ(record.value, claim.value);
  EXPECT_EQ(record.headers, claim.headers);
  EXPECT_EQ(status_of(client.answer()), 201);
}

TEST_F(ReportsTest, OfTwoAtOnceBothAreAnsweredAsTheFirstInTheLog) {
  RawClient one(server_->bound_address()), other(server_->bound_address());
  one.send(with_key(kReport, named("k")));
  const auto first = log_.take();
  other.send(with_key(R"({"reportable_id":"post-8","reportable_type":"Post","reason":"abuse"})", named("k")));
  const auto second = log_.take();
  ASSERT_TRUE(first && second);
  second->done(claim_at(0));
  first->done(claim_at(1));
  tell(second->record, 0);
  EXPECT_EQ(take().value, second->record.value);
  tell(first->record, 1);
  const Record again = take();
  EXPECT_EQ(again.value, second->record.value);
  EXPECT_EQ(again.headers, second->record.headers) << "the same event once more, which the inbox knows";
  const std::string answer = one.answer(), other_answer = other.answer();
  EXPECT_EQ(body_of(answer), body_of(other_answer));
  EXPECT_THAT(body_of(answer), HasSubstr("post-8"));
}

// The ingress that had claimed the key died before it appended the event.
TEST_F(ReportsTest, AClaimOfAnotherIngressIsCarriedOutByWhoeverIsAskedNext) {
  RawClient first(server_->bound_address());
  first.send(with_key(kReport, named("k")));
  const auto claim = log_.take();
  ASSERT_TRUE(claim);
  claim->done(Error{ErrorCode::timeout, ""});
  EXPECT_EQ(status_of(first.answer()), 503);
  tell(claim->record, 0);
  RawClient next(server_->bound_address());
  next.send(with_key("what it says is not looked at", named("k")));
  const Record record = take();
  EXPECT_EQ(record.topic, "reports");
  EXPECT_EQ(record.value, kReport);
  const auto answer = next.answer();
  EXPECT_EQ(status_of(answer), 201);
  EXPECT_THAT(body_of(answer),
              HasSubstr(std::string(find_header(claim->record.headers, "ce_id").value_or(""))));
}

TEST_F(ReportsTest, AnotherReportersKeyIsAnother) {
  RawClient client(server_->bound_address());
  client.send(with_key(kReport, named("k")));
  const Record of_key = take(claim_at(0));
  tell(of_key, 0);
  take();
  client.answer();
  RawClient user(server_->bound_address());
  user.send(with_session(sessions_.issue("user-1", kAccount), named("k")));
  const Record of_user = take(claim_at(1));
  EXPECT_EQ(of_user.topic, "claims");
  EXPECT_NE(of_user.key, of_key.key);
  tell(of_user, 1);
  take();
  EXPECT_EQ(status_of(user.answer()), 201);
}

TEST_F(ReportsTest, WhoStillWaitsForAClaimAtTheEndHoldsNothing) {
  RawClient client(server_->bound_address());
  client.send(with_key(kReport, named("k")));
  take(claim_at(0));
  const std::weak_ptr<Claims> claims = claims_;
  server_->stop(std::chrono::seconds{0});
  claims_.reset();
  EXPECT_TRUE(claims.expired());
}

TEST_F(ReportsTest, AClaimThatIsNotReadBackInTimeIsNotNow) {
  RawClient client(server_->bound_address());
  client.send(with_key(kReport, named("k")));
  take(claim_at(0));
  EXPECT_EQ(client.answer(milliseconds{100}), "");
  clock_.advance(ClaimsOptions{}.patience);
  claims_->let_go_of_late();
  const auto answer = client.answer();
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_THAT(answer, HasSubstr("\r\nRetry-After: "));
  EXPECT_EQ(log_.waiting(), 0U);
}

TEST_F(ReportsTest, AReportThatIsNoneClaimsNothing) {
  EXPECT_EQ(status_of(ask(with_key(R"({"reason":"x"})", named("k")))), 400);
  EXPECT_EQ(log_.waiting(), 0U);
}

TEST_F(ReportsTest, AnAppendThatOutlivesTheIntakeIsHarmless) {
  RawClient client(server_->bound_address());
  client.send(with_key(kReport, named("k")));
  auto held = log_.take();
  ASSERT_TRUE(held);
  server_->stop(std::chrono::seconds{0});
  server_.reset();
  intake_.reset();
  held->done(claim_at(0));
  tell(held->record, 0);
  EXPECT_EQ(log_.waiting(), 0U);
  server_.emplace(http::ServerOptions{}, std::vector<http::Route>{}, metrics_);
  EXPECT_TRUE(server_->start());
}

}  // namespace
}  // namespace penstock
