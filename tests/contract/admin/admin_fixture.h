// The admin API on the real server, over a real store (SQLite, or where it matters PostgreSQL too) and the
// log in memory. Events go through both as in a worker.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "common/adapters/memory/event_log.h"
#include "common/json/value.h"
#include "common/ports/store.h"
#include "common/registry/follower.h"
#include "ingress/admin/api/admin_api.h"
#include "tests/contract/store/harness.h"
#include "tests/fakes/held_sender.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/raw_client.h"
#include "tests/unit/domain/event_builder.h"
#include "tests/unit/domain/partner_events.h"
#include "workers/runtime/batch.h"
#include "workers/sources/ads/ads.h"
#include "workers/sources/api/api.h"
#include "workers/sources/auth/auth.h"
#include "workers/sources/connectors/connectors.h"
#include "workers/sources/partners/partners.h"
#include "workers/sources/stripe/stripe.h"

namespace penstock {

struct Reply {
  int status = 0;
  std::string head;
  json::Document body;

  json::Value operator[](std::string_view name) const { return body.root()[name]; }
  json::Value data() const { return body.root()["data"]; }
  // Of the error envelope.
  std::string type() const { return std::string(body.root()["error"]["type"].string().value_or("")); }
  json::Value fields() const { return body.root()["error"]["fields"]; }
};

std::string text_of(json::Value value);  // "" when it is no string

class AdminTest : public ::testing::Test {
 protected:
  static constexpr std::string_view kToken = "a token of the root";

  // "sqlite" or "postgres".
  explicit AdminTest(const std::string& store = "sqlite");
  ~AdminTest() override;

  // Starts the API and its server; before it, options, the store and the log may be changed.
  void serve(AdminOptions options = default_options(), Store* store = nullptr, EventSource* source = nullptr);
  static AdminOptions default_options();

  // One request with the right token.
  Reply get(const std::string& target) { return ask(request("GET", target, authorization())); }
  Reply put(const std::string& target, const std::string& body,
            const std::string& content_type = "application/json");
  Reply send(const std::string& method, const std::string& target, const std::string& body = {},
             std::string_view token = kToken, const std::string& content_type = "application/json");
  Reply ask(const std::string& bytes);
  std::string answer_to(const std::string& bytes);  // the same, as it was received
  static std::string request(const std::string& method, const std::string& target, const std::string& fields,
                             const std::string& body = {});
  static std::string authorization(std::string_view token = kToken);

  // Appends the body to the log as the ingress does and applies it as a worker does. Returns where it stands.
  Position apply_body(std::string body);
  Position apply(const testing::EventSpec& spec) { return apply_body(testing::event_body(spec)); }
  Position apply(const testing::PartnerSpec& spec);
  Position apply_record(Record record);
  Position append(Record record);
  // A report as its door takes it in.
  Record report_record(const std::string& id, const std::string& org = "default",
                       const std::string& type = "Post") const;
  // What standard events show: a payment of a course, a deposit, a subscription,
  // an account and a failed payout.
  void apply_examples();

  // Writes rows as they are, past all rules.
  template <class R>
  void write(const R& row, const EventKey& by = {"stripe:evt_test"});

  const std::unique_ptr<StoreHarness> harness_;
  ManualClock clock_;
  MemoryEventLog log_;
  std::unique_ptr<StoreAdapter> store_;
  const Sources sources_{{stripe_source(StripeMode::both), partner_source(), ads_source(), api_source(),
                          auth_source(), connector_source()}};
  Policy policy_;
  Metrics metrics_;
  const crypto::Sealer sealer_{std::vector<std::string>{std::string(32, 'k')}};
  registry::Table table_;
  std::optional<registry::Follower> follower_;
  WorkerMetrics worker_metrics_{metrics_};
  fakes::HeldSender sender_;
  std::unique_ptr<Readiness> readiness_;
  std::unique_ptr<AdminApi> api_;
  std::unique_ptr<http::HttpServer> server_;
};

template <class R>
void AdminTest::write(const R& row, const EventKey& by) {
  auto batch = store_->begin();
  ASSERT_TRUE(batch);
  const std::vector<TableRows> changes{
      {&table_of<R>(), {Row{to_cells(row), 0, {clock_.now(), clock_.now(), by.value}}}}};
  ASSERT_TRUE(batch.value()->commit(changes));
}

}  // namespace penstock
