// Who is let in, and what is answered when something is wrong with the request, the load or the store.
#include <condition_variable>
#include <mutex>
#include <set>

#include "tests/contract/admin/admin_fixture.h"

namespace penstock {
namespace {

// Reads that fail on demand, or wait until they are let go.
class MoodyStore final : public Store {
 public:
  explicit MoodyStore(Store& store) : store_(store) {}

  void fail_reads(std::optional<Error> error) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
  }
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  // Waits until so many reads are being held.
  bool wait_for_readers(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return readers_ == count; });
  }

  Result<std::vector<Row>> read(const Table& table, std::span<const std::string> keys) override {
    if (table.name != "feed_head") {  // which the API looks at by itself
      std::unique_lock lock(mutex_);
      ++readers_;
      changed_.notify_all();
      changed_.wait(lock, [&] { return !held_; });
      --readers_;
    }
    if (const auto error = failing()) return *error;
    return store_.read(table, keys);
  }
  Result<std::unique_ptr<StoreBatch>> begin() override { return store_.begin(); }
  Result<std::vector<Row>> list(const Table& table, const ListQuery& query) override {
    return store_.list(table, query);
  }
  Result<std::vector<std::vector<Row>>> lists(const Table& table,
                                              std::span<const ListQuery> queries) override {
    return store_.lists(table, queries);
  }
  Result<std::vector<std::string>> key_scopes(const Table& table, std::size_t limit) override {
    return store_.key_scopes(table, limit);
  }
  Result<std::string> id() override { return store_.id(); }
  Status ready() override {
    if (const auto error = failing()) return *error;
    return store_.ready();
  }

 private:
  std::optional<Error> failing() {
    const std::lock_guard lock(mutex_);
    return error_;
  }

  Store& store_;
  std::optional<Error> error_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  int readers_ = 0;
};

class AdminAccess : public AdminTest {
 protected:
  ~AdminAccess() override {
    moody_.release();
    server_.reset();
    api_.reset();
    readiness_.reset();
  }
  MoodyStore moody_{*store_};
};

TEST_F(AdminAccess, OnlyTheTokenOpensTheApi) {
  const std::string token(kToken);
  const auto answer = [&](const std::string& fields) { return ask(request("GET", "/v1/events", fields)); };
  EXPECT_EQ(answer(authorization()).status, 200);
  EXPECT_EQ(answer("authorization: bearer " + token + "\r\n").status, 200)
      << "the scheme's case does not matter";
  std::set<std::string> answers;
  for (const std::string& fields :
       {std::string(), authorization(""), authorization(token + "x"), authorization(token.substr(1)),
        authorization("x" + token.substr(1)), "Authorization: Basic " + token + "\r\n",
        "Authorization: " + token + "\r\n", std::string("Authorization: Bearer\r\n"),
        authorization() + authorization(), authorization("no") + authorization(),
        "X-API-Key: " + token + "\r\n"}) {
    const Reply reply = answer(fields);
    EXPECT_EQ(reply.status, 401) << fields;
    EXPECT_NE(reply.head.find("WWW-Authenticate: Bearer realm=\"penstock\""), std::string::npos);
    EXPECT_FALSE(text_of(reply["error"]["request_id"]).empty());
    answers.insert(reply.type() + text_of(reply["error"]["message"]));
  }
  EXPECT_EQ(answers.size(), 1U) << "why it was refused is not told";
}

TEST_F(AdminAccess, NoResourceIsReadWithoutTheToken) {
  serve();
  for (const auto& route : api_->routes()) {
    const std::set<std::string> open{"/healthz", "/readyz", "/metrics", "/openapi.yaml", "/asyncapi.yaml"};
    EXPECT_EQ(ask(request(std::string(route.method), route.pattern, "")).status,
              open.contains(route.pattern) ? 200 : 401)
        << route.pattern;
  }
}

TEST_F(AdminAccess, WhatIsWrongWithTheRequestIsTheClients) {
  const std::string json = authorization() + "Content-Type: application/json\r\n";
  EXPECT_EQ(get("/v1/nothing").status, 404);
  EXPECT_EQ(get("/v1/events/").status, 404);
  const Reply wrong_method = ask(request("DELETE", "/v1/session-payments/sp", authorization()));
  EXPECT_EQ(wrong_method.status, 405);
  EXPECT_NE(wrong_method.head.find("Allow: "), std::string::npos);
  EXPECT_NE(wrong_method.head.find("PUT"), std::string::npos);
  EXPECT_EQ(put("/v1/session-payments/sp", R"({"tester_id":"t"})", "text/plain").status, 415);
  EXPECT_EQ(ask(request("PUT", "/v1/session-payments/sp", authorization(), "{}")).status, 415);
  EXPECT_EQ(put("/v1/session-payments/sp", R"({"tester_id":"t"})", "Application/JSON; charset=utf-8").status,
            200);
  EXPECT_EQ(put("/v1/session-payments/sp", std::string(4097, ' ')).status, 413);
  EXPECT_EQ(get("/v1/payments/%zz").status, 400);
  EXPECT_EQ(get("/v1/payments/%00").status, 400);
  EXPECT_EQ(get("/v1/payments/%FF").status, 400);
}

TEST_F(AdminAccess, ErrorsOfTheStoreAreOursNameItAndTellNoDetails) {
  serve(default_options(), &moody_);
  struct Case {
    ErrorCode code;
    int status;
    std::string type;
    std::string message;
  };
  const std::string store = "postgresql at db.internal:5432/penstock";
  const Case cases[] = {
      {ErrorCode::unavailable, 503, "unavailable", store + " is unavailable"},
      {ErrorCode::timeout, 503, "timeout", store + " did not answer in time"},
      {ErrorCode::overloaded, 503, "overloaded", store + " is overloaded"},
      {ErrorCode::wrong_schema, 503, "wrong_schema",
       store + " is not prepared for this program, run penstock-admin migrate"},
      {ErrorCode::conflict, 503, "conflict", "others keep changing the same rows"},
      {ErrorCode::fenced, 503, "unavailable", "this process was superseded"},
      {ErrorCode::invalid, 500, "internal", "something went wrong here; the log says what"},
      {ErrorCode::not_found, 503, "master_key_missing",
       "the setting is sealed under a key that PENSTOCK_MASTER_KEY lacks here; the log names it"},
      {ErrorCode::corrupt, 500, "internal", "something went wrong here; the log says what"},
      {ErrorCode::internal, 500, "internal", "something went wrong here; the log says what"}};
  for (const auto& [code, status, type, message] : cases) {
    moody_.fail_reads(Error{code, "the detail"});
    const Reply reply = get("/v1/payouts/po_1");
    EXPECT_EQ(reply.status, status) << to_string(code);
    EXPECT_EQ(reply.type(), type);
    EXPECT_EQ(text_of(reply["error"]["message"]), message);
  }
}

TEST_F(AdminAccess, WhenTheLogIsAwayItIsTheLogThatIsNamed) {
  apply_examples();
  serve();
  EXPECT_EQ(get("/v1/events/stripe:evt_course").status, 200);
  log_.storage->set_available(false);
  const Reply reply = get("/v1/events/stripe:evt_course");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.type(), "unavailable");
  EXPECT_EQ(text_of(reply["error"]["message"]), "kafka at k1.internal:9092 is unavailable");
  EXPECT_EQ(get("/v1/payouts/po_1").status, 200) << "the store is there";
}

TEST_F(AdminAccess, ReadinessNamesTheStoreAndTheLogThatAreAway) {
  serve(default_options(), &moody_);
  EXPECT_EQ(ask(request("GET", "/healthz", "")).status, 200);
  moody_.fail_reads(Error{ErrorCode::unavailable, "connection refused"});
  log_.storage->set_available(false);
  const Reply reply = ask(request("GET", "/readyz", ""));
  EXPECT_EQ(reply.status, 503);
  const std::string message = text_of(reply["error"]["message"]);
  EXPECT_TRUE(message.starts_with("kafka at k1.internal:9092 is unavailable: ")) << message;
  EXPECT_TRUE(
      message.ends_with("; postgresql at db.internal:5432/penstock is unavailable: connection refused"))
      << message;
  EXPECT_EQ(ask(request("GET", "/healthz", "")).status, 200);
}

TEST_F(AdminAccess, MoreThanCanWaitIsTurnedAwayAndTheRestIsAnswered) {
  AdminOptions options = default_options();
  options.threads = 1;
  options.waiting_max = 1;
  serve(options, &moody_);
  moody_.hold();
  const std::string asked = request("GET", "/v1/payouts/po_1", authorization());
  fakes::RawClient running(server_->bound_address()), waiting(server_->bound_address());
  running.send(asked);
  ASSERT_TRUE(moody_.wait_for_readers(1));
  waiting.send(asked);
  // The one that waits may not have arrived yet: ask until one is turned away.
  std::string turned_away;
  for (int tries = 0; tries < 100 && turned_away.empty(); ++tries) {
    fakes::RawClient extra(server_->bound_address());
    extra.send(asked);
    turned_away = extra.answer(std::chrono::milliseconds{500});
  }
  EXPECT_EQ(fakes::status_of(turned_away), 503);
  EXPECT_NE(turned_away.find("Retry-After: "), std::string::npos);
  EXPECT_EQ(ask(request("GET", "/healthz", "")).status, 200);
  moody_.release();
  EXPECT_EQ(fakes::status_of(running.answer()), 404);
}

TEST_F(AdminAccess, WhatOnlyTheLogKnowsIsToldWhileTheStoreHangs) {
  AdminOptions options = default_options();
  options.threads = 1;
  serve(options, &moody_);
  moody_.hold();
  fakes::RawClient running(server_->bound_address());
  running.send(request("GET", "/v1/payouts/po_1", authorization()));
  ASSERT_TRUE(moody_.wait_for_readers(1));
  EXPECT_EQ(get("/v1/pools").status, 200);
}

TEST_F(AdminAccess, ACheckOfALargeLedgerHasMinutesToAnswer) {
  serve();
  for (const auto& route : api_->routes())
    EXPECT_EQ(route.answer_deadline >= std::chrono::minutes{20}, route.pattern == "/v1/ledger/check")
        << route.pattern;
}

TEST_F(AdminAccess, AnAnswerThatComesTooLateNamesWhomItWaitedFor) {
  AdminOptions options = default_options();
  options.answer_deadline = Milliseconds{100};
  serve(options, &moody_);
  moody_.hold();
  const std::string store = "postgresql at db.internal:5432/penstock";
  for (const auto& [path, away] :
       {std::pair{"/v1/payouts/po_1", store},
        std::pair{"/v1/events/stripe:evt_1", store + " or kafka at k1.internal:9092"}}) {
    const Reply late = get(path);
    EXPECT_EQ(late.status, 503);
    EXPECT_EQ(late.type(), "timeout");
    EXPECT_EQ(text_of(late["error"]["message"]), away + " did not answer in time");
    EXPECT_NE(late.head.find("\r\nRetry-After: "), std::string::npos) << late.head;
  }
}

}  // namespace
}  // namespace penstock
