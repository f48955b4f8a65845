#include "ingress/admin/api/admin_api.h"

#include <algorithm>

#include "common/async/task_pool.h"
#include "common/core/check.h"
#include "common/crypto/crypto.h"
#include "common/http/probes/probes.h"
#include "ingress/admin/api/resources.h"
#include "schemas/embedded.h"

namespace penstock {
namespace {

// What a handler waits for.
enum class Asks { store, store_and_log, log };

struct Endpoint {
  std::string_view method;
  std::string_view pattern;
  std::string_view name;
  admin::Answer* answer;
  Asks asks = Asks::store;
  Milliseconds answer_deadline{};  // where the options' is too short
};

// It reads all of the ledger, four times over on PostgreSQL, whose scans have five minutes each.
constexpr Milliseconds kLedgerDeadline = std::chrono::minutes{21};

constexpr Endpoint kEndpoints[] = {
    {"GET", "/v1/payments", "payments", admin::list_payments},
    {"GET", "/v1/payments/{id}", "payments", admin::get_payment},
    {"GET", "/v1/fulfillments", "fulfillments", admin::list_fulfillments},
    {"GET", "/v1/wallets/{userId}", "wallets", admin::get_wallet},
    {"GET", "/v1/wallets/{userId}/entries", "wallet_entries", admin::list_wallet_entries},
    {"GET", "/v1/ledger/check", "ledger_check", admin::check_ledger, Asks::store, kLedgerDeadline},
    {"GET", "/v1/subscriptions", "subscriptions", admin::list_subscriptions},
    {"GET", "/v1/subscriptions/{id}", "subscriptions", admin::get_subscription},
    {"GET", "/v1/profiles/{userId}", "profiles", admin::get_profile},
    {"GET", "/v1/accounts", "accounts", admin::list_accounts},
    {"GET", "/v1/accounts/{id}", "accounts", admin::get_account},
    {"GET", "/v1/payouts", "payouts", admin::list_payouts},
    {"GET", "/v1/payouts/{id}", "payouts", admin::get_payout},
    {"GET", "/v1/session-payments/{id}", "session_payments", admin::get_session_payment},
    {"PUT", "/v1/session-payments/{id}", "session_payments", admin::put_session_payment},
    {"GET", "/v1/ads", "ads", admin::list_ads},
    {"GET", "/v1/ads/{id}", "ads", admin::get_ad},
    {"PUT", "/v1/ads/{id}", "ads", admin::put_ad},
    {"GET", "/v1/alerts", "alerts", admin::list_alerts},
    {"GET", "/v1/events", "events", admin::list_events},
    {"GET", "/v1/events/{key}", "event", admin::get_event, Asks::store_and_log},
    {"GET", "/v1/parked", "parked", admin::list_parked},
    {"GET", "/v1/pools", "pools", admin::list_pools, Asks::log},
};

http::Response unauthorized() {
  http::Response response = http::problem(401, "unauthorized", "a valid bearer token is required");
  response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"penstock\"");
  return response;
}

// The token of `Authorization: Bearer …` (RFC 6750); empty when there is none, or more than one field.
std::string_view bearer_token(const http::Request& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const auto fields = request.head.field_values("Authorization");
  if (fields.size() != 1 || fields.front().size() < kScheme.size()) return {};
  if (!http::equal_ignoring_case(fields.front().substr(0, kScheme.size()), kScheme)) return {};
  return fields.front().substr(kScheme.size());
}

admin::PoolWatchOptions watch_options(const AdminOptions& options) {
  admin::PoolWatchOptions watch;
  watch.group_prefix = options.group_prefix;
  watch.pools = options.pools;
  watch.log_address = options.log_address;
  watch.stuck_after = options.pool_stuck_after;
  watch.interval = options.pool_interval;
  watch.answer_wait = options.pool_answer_wait;
  return watch;
}

constexpr std::string_view kYaml = "application/yaml";

http::Route document(const char* path, std::string_view name, const http::Response& answer) {
  return {.method = "GET",
          .pattern = path,
          .name = name,
          .handler = [&answer](http::Request&&, const http::Responder& responder) {
            responder.send_constant(answer);
          }};
}

}  // namespace

struct AdminApi::Impl {
  Impl(const AdminPorts& ports, AdminOptions options)
      : token(std::move(options.token)),
        pools(ports.log, ports.clock, ports.metrics, watch_options(options)),
        context{ports.store,
                ports.ledger,
                ports.log,
                ports.clock,
                pools,
                std::move(options.store_address),
                std::move(options.log_address)},
        probes({.serve_metrics = true, .name_causes = true}, ports.readiness, ports.metrics),
        answer_deadline(options.answer_deadline),
        tasks(options.threads, options.waiting_max),
        log_tasks(1, options.waiting_max) {
    CHECK(!token.empty());
  }

  http::Response answer(const Endpoint& endpoint, const http::Request& request) const {
    auto answered = endpoint.answer(context, request);
    if (answered) return std::move(answered).value();
    return admin::failure_response(request, context.store_address, answered.error());
  }

  void handle(const Endpoint& endpoint, http::Request&& request, const http::Responder& responder) {
    if (!crypto::constant_time_equal(bearer_token(request), token)) return responder.send(unauthorized());
    auto& pool = endpoint.asks == Asks::log ? log_tasks : tasks;
    const bool taken = pool.submit([this, &endpoint, request = std::move(request), responder] {
      responder.send(answer(endpoint, request));
    });
    if (!taken) responder.send_constant(busy);
  }

  std::string asked_address(Asks asks) const {
    switch (asks) {
      case Asks::store:
        return context.store_address;
      case Asks::store_and_log:
        return context.store_address + " or " + context.log_address;
      case Asks::log:
        return context.log_address;
    }
    CHECK(false);
  }

  http::Route route(const Endpoint& endpoint) {
    http::Route route;
    route.method = endpoint.method;
    route.pattern = endpoint.pattern;
    route.name = endpoint.name;
    route.handler = [this, &endpoint](http::Request&& request, const http::Responder& responder) {
      handle(endpoint, std::move(request), responder);
    };
    route.answer_deadline = std::max(answer_deadline, endpoint.answer_deadline);
    route.late_answer = admin::try_again(asked_address(endpoint.asks), ErrorCode::timeout);
    return route;
  }

  const std::string token;
  admin::PoolWatch pools;
  const admin::Context context;
  Probes probes;
  const http::Response busy =
      http::problem_with_retry(503, "overloaded", "too many requests at once", std::chrono::seconds{1});
  const http::Response openapi{.body = std::string(schemas::kOpenapi), .content_type = kYaml};
  const http::Response asyncapi{.body = std::string(schemas::kAsyncapi), .content_type = kYaml};
  const Milliseconds answer_deadline;
  // Last: their threads use all of the above. What asks the log alone does not
  // wait behind a store that hangs.
  TaskPool tasks;
  TaskPool log_tasks;
};

AdminApi::AdminApi(const AdminPorts& ports, AdminOptions options)
    : impl_(std::make_unique<Impl>(ports, std::move(options))) {}

AdminApi::~AdminApi() = default;

std::vector<http::Route> AdminApi::routes() {
  std::vector<http::Route> routes;
  for (const auto& endpoint : kEndpoints) routes.push_back(impl_->route(endpoint));
  routes.push_back(document("/openapi.yaml", "openapi", impl_->openapi));
  routes.push_back(document("/asyncapi.yaml", "asyncapi", impl_->asyncapi));
  for (auto& probe : impl_->probes.routes()) routes.push_back(std::move(probe));
  return routes;
}

}  // namespace penstock
