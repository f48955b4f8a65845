#include "tests/contract/admin/admin_fixture.h"

#include "common/catalogue/catalogue.h"
#include "common/core/check.h"
#include "ingress/doors/reports/report_record.h"
#include "ingress/doors/stripe/stripe_record.h"

namespace penstock {
namespace {

std::string no_id(Timestamp) { return "made-at-the-door"; }

}  // namespace

std::string text_of(json::Value value) { return std::string(value.string().value_or("")); }

AdminTest::AdminTest(const std::string& store)
    : harness_(make_harness(store)),
      log_(open_memory_log({.partitions = 2}, clock_)),
      store_(harness_->open()) {
  EXPECT_TRUE(log_.log->create_topics({"payments", "subscriptions", "payouts", "partners", "reports",
                                       "connectors", "unrouted", "parked", "settings"}));
  EXPECT_TRUE(store_->migrate());
  follower_.emplace(registry::FollowerOptions{}, *log_.log, sealer_, table_, clock_, metrics_);
}

AdminTest::~AdminTest() {
  server_.reset();
  api_.reset();
  readiness_.reset();
  store_.reset();
}

AdminOptions AdminTest::default_options() {
  return {.token = std::string(kToken),
          .group_prefix = "penstock.",
          .pools = {"payments", "payouts"},
          .store_address = "postgresql at db.internal:5432/penstock",
          .log_address = "kafka at k1.internal:9092",
          .threads = 2};
}

void AdminTest::serve(AdminOptions options, Store* store, EventSource* source) {
  Store& served_store = store != nullptr ? *store : *store_;
  EventSource& served_log = source != nullptr ? *source : *log_.log;
  readiness_ = std::make_unique<Readiness>(std::vector<ReadinessCheck>{
      {"log", options.log_address,
       [this] {
         return log_.log->ready({"payments", "payouts"});
       }},
      {"store", options.store_address, [&served_store] { return served_store.ready(); }}});
  api_ = std::make_unique<AdminApi>(AdminPorts{served_store, *store_, served_log, *log_.log, sealer_, table_,
                                               clock_, metrics_, *readiness_, sender_},
                                    std::move(options));
  http::ServerOptions server;
  server.metrics_prefix = "penstock_admin";
  server.body_bytes_max = 4096;
  server_ = std::make_unique<http::HttpServer>(server, api_->routes(), metrics_);
  ASSERT_TRUE(server_->start());
}

std::string AdminTest::request(const std::string& method, const std::string& target,
                               const std::string& fields, const std::string& body) {
  std::string bytes = method + " " + target + " HTTP/1.1\r\nHost: admin\r\n" + fields;
  if (method != "GET") bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return bytes + "\r\n" + body;
}

std::string AdminTest::authorization(std::string_view token) {
  return "Authorization: Bearer " + std::string(token) + "\r\n";
}

Reply AdminTest::put(const std::string& target, const std::string& body, const std::string& content_type) {
  return send("PUT", target, body, kToken, content_type);
}

Reply AdminTest::send(const std::string& method, const std::string& target, const std::string& body,
                      std::string_view token, const std::string& content_type) {
  return ask(request(method, target, authorization(token) + "Content-Type: " + content_type + "\r\n", body));
}

std::string AdminTest::answer_to(const std::string& bytes) {
  if (!server_) serve();
  fakes::RawClient client(server_->bound_address());
  client.send(bytes);
  return client.answer();
}

Reply AdminTest::ask(const std::string& bytes) {
  const std::string answer = answer_to(bytes);
  Reply reply{fakes::status_of(answer), answer.substr(0, answer.find("\r\n\r\n")), {}};
  if (auto body = json::Document::parse(fakes::body_of(answer))) reply.body = std::move(body).value();
  return reply;
}

Position AdminTest::append(Record record) {
  auto done = std::make_shared<std::optional<Position>>();
  EXPECT_TRUE(
      log_.log->append(std::move(record), [done](const Result<Position>& at) { *done = at.value(); }));
  EXPECT_TRUE(log_.log->flush(Milliseconds{5000}));
  return done->value();
}

Position AdminTest::apply_body(std::string body) {
  return apply_record(stripe_record(std::move(body), Catalogue::builtin(), clock_.now(), no_id));
}

Position AdminTest::apply(const testing::PartnerSpec& spec) {
  const auto body = json::Document::parse(spec.data);
  CHECK(body.has_value());
  return apply_record({.topic = "partners",
                       .key = text_of(body.value().root()["id"]),
                       .value = testing::partner_body(spec),
                       .headers = testing::partner_headers(spec)});
}

Position AdminTest::apply_record(Record record) {
  const auto position = append(std::move(record));
  auto stored = log_.log->read(position);
  CHECK(stored.has_value() && stored.value().has_value());
  std::vector<Incoming> batch;
  batch.push_back(identify(*std::move(stored).value()));
  const BatchContext context{*store_,         clock_,
                             sources_,        policy_,
                             worker_metrics_, [](const std::vector<Incoming*>&) -> Status { return ok(); }};
  EXPECT_TRUE(apply_batch(context, batch));
  return position;
}

Record AdminTest::report_record(const std::string& id, const std::string& org,
                                const std::string& type) const {
  auto event = report_event(R"({"reportable_id":"7","reportable_type":")" + type + R"(","reason":"spam"})",
                            report_headers({org, "user-1"}, id, clock_.now()), Catalogue::builtin());
  CHECK(event.has_value());
  return std::move(event).value().record;
}

void AdminTest::apply_examples() {
  apply({.type = "checkout.session.completed",
         .object = R"({"id":"cs_1","object":"checkout.session","status":"complete","payment_status":"paid",
           "mode":"payment","payment_intent":"pi_1","amount_total":1200,"currency":"usd","customer":"cus_1",
           "client_reference_id":"u1","metadata":{"app_slug":"courses","course_id":"c-7"}})",
         .id = "evt_course"});
  apply({.type = "charge.refunded",
         .object =
             R"({"id":"ch_1","object":"charge","payment_intent":"pi_1","amount":1200,"amount_refunded":200,
           "currency":"usd","refunded":false})",
         .id = "evt_refund"});
  apply({.type = "checkout.session.completed",
         .object = R"({"id":"cs_2","object":"checkout.session","status":"complete","payment_status":"paid",
           "mode":"payment","payment_intent":"pi_2","amount_total":5000,"currency":"usd",
           "client_reference_id":"u1","metadata":{"type":"wallet_deposit"}})",
         .id = "evt_deposit"});
  apply({.type = "customer.subscription.updated",
         .object = R"({"id":"sub_1","object":"subscription","status":"active","customer":"cus_1",
           "cancel_at_period_end":false,"metadata":{},"items":{"data":[{"price":{"id":"price_1"},"quantity":2,
           "current_period_start":1000,"current_period_end":2000}]}})",
         .id = "evt_sub"});
  apply({.type = "account.updated",
         .object = R"({"id":"acct_1","object":"account","charges_enabled":true,"payouts_enabled":false,
           "details_submitted":true,"metadata":{"user_id":"u1"},"requirements":{"currently_due":["external_account"],
           "eventually_due":[],"past_due":[],"disabled_reason":null}})",
         .id = "evt_account",
         .account = "acct_1"});
  apply({.type = "payout.failed",
         .object = R"({"id":"po_1","object":"payout","status":"failed","amount":700,"currency":"eur",
           "arrival_date":1000,"destination":"ba_1","failure_code":"could_not_process",
           "failure_message":"The bank could not process it.","metadata":{"session_payment_id":"sp_1"}})",
         .id = "evt_payout",
         .account = "acct_1"});
}

}  // namespace penstock
