#include "ingress/admin/api/admin_api.h"

#include <algorithm>
#include <mutex>
#include <variant>

#include "common/async/task_pool.h"
#include "common/core/check.h"
#include "common/crypto/crypto.h"
#include "common/http/probes/probes.h"
#include "common/registry/api_key.h"
#include "ingress/admin/api/resources.h"
#include "schemas/embedded.h"

namespace penstock {
namespace {

using admin::Needs;

// What a handler waits for.
enum class Asks { store, store_and_log, log };

struct Endpoint {
  std::string_view method;
  std::string_view pattern;
  std::string_view name;
  std::variant<admin::Answer*, admin::LateAnswer*> answer;
  Needs needs = Needs::org_read;
  Asks asks = Asks::store;
  Milliseconds answer_deadline{};  // where the options' is too short
};

// It reads all of the ledger, four times over on PostgreSQL, whose scans have five minutes each.
constexpr Milliseconds kLedgerDeadline = std::chrono::minutes{21};
// What waits for a minute at most, and then for the store.
constexpr Milliseconds kFeedDeadline = std::chrono::seconds{90};
// An attempt may take two minutes.
constexpr Milliseconds kTestDeadline = std::chrono::minutes{3};
// A hundred thousand deliveries at most.
constexpr Milliseconds kRecoverDeadline = std::chrono::minutes{5};

constexpr Endpoint kEndpoints[] = {
    {"GET", "/v1/payments", "payments", admin::list_payments},
    {"GET", "/v1/payments/{id}", "payments", admin::get_payment},
    {"GET", "/v1/fulfillments", "fulfillments", admin::list_fulfillments, Needs::platform_read},
    {"GET", "/v1/wallets/{userId}", "wallets", admin::get_wallet, Needs::platform_read},
    {"GET", "/v1/wallets/{userId}/entries", "wallet_entries", admin::list_wallet_entries,
     Needs::platform_read},
    {"GET", "/v1/ledger/check", "ledger_check", admin::check_ledger, Needs::platform_read, Asks::store,
     kLedgerDeadline},
    {"GET", "/v1/subscriptions", "subscriptions", admin::list_subscriptions},
    {"GET", "/v1/subscriptions/{id}", "subscriptions", admin::get_subscription},
    {"GET", "/v1/profiles/{userId}", "profiles", admin::get_profile, Needs::platform_read},
    {"GET", "/v1/accounts", "accounts", admin::list_accounts, Needs::platform_read},
    {"GET", "/v1/accounts/{id}", "accounts", admin::get_account, Needs::platform_read},
    {"GET", "/v1/payouts", "payouts", admin::list_payouts, Needs::platform_read},
    {"GET", "/v1/payouts/{id}", "payouts", admin::get_payout, Needs::platform_read},
    {"GET", "/v1/session-payments/{id}", "session_payments", admin::get_session_payment,
     Needs::platform_read},
    {"PUT", "/v1/session-payments/{id}", "session_payments", admin::put_session_payment, Needs::root},
    {"GET", "/v1/users", "users", admin::list_users},
    {"GET", "/v1/users/{id}", "users", admin::get_user},
    {"GET", "/v1/ads", "ads", admin::list_ads, Needs::platform_read},
    {"GET", "/v1/ads/{id}", "ads", admin::get_ad, Needs::platform_read},
    {"PUT", "/v1/ads/{id}", "ads", admin::put_ad, Needs::root, Asks::store_and_log},
    {"GET", "/v1/reports", "reports", admin::list_reports},
    {"GET", "/v1/reports/{id}", "reports", admin::get_report},
    {"PATCH", "/v1/reports/{id}", "reports", admin::patch_report, Needs::root},
    {"GET", "/v1/alerts", "alerts", admin::list_alerts, Needs::platform_read},
    {"GET", "/v1/events", "events", admin::list_events, Needs::platform_read},
    {"GET", "/v1/events/{key}", "event", admin::get_event, Needs::platform_read, Asks::store_and_log},
    {"GET", "/v1/parked", "parked", admin::list_parked, Needs::platform_read},
    {"GET", "/v1/event-types", "event_types", admin::list_event_types},
    {"GET", "/v1/pools", "pools", admin::list_pools, Needs::platform_read, Asks::log},
    {"GET", "/v1/partners", "partners", admin::list_partners},
    {"GET", "/v1/partners/{name}", "partners", admin::get_partner},
    {"PUT", "/v1/partners/{name}", "partners", admin::put_partner, Needs::root, Asks::store_and_log},
    {"DELETE", "/v1/partners/{name}", "partners", admin::delete_partner, Needs::root, Asks::store_and_log},
    {"GET", "/v1/apps", "apps", admin::list_apps, Needs::platform_read},
    {"GET", "/v1/apps/{slug}", "apps", admin::get_app, Needs::platform_read},
    {"PUT", "/v1/apps/{slug}", "apps", admin::put_app, Needs::root, Asks::store_and_log},
    {"DELETE", "/v1/apps/{slug}", "apps", admin::delete_app, Needs::root, Asks::store_and_log},
    {"GET", "/v1/api-keys", "api_keys", admin::list_api_keys},
    {"POST", "/v1/api-keys", "api_keys", admin::post_api_key, Needs::root, Asks::store_and_log},
    {"DELETE", "/v1/api-keys/{id}", "api_keys", admin::delete_api_key, Needs::root, Asks::store_and_log},
    {"GET", "/v1/bans", "bans", admin::list_bans, Needs::platform_read},
    {"GET", "/v1/bans/{provider}/{subject}", "bans", admin::get_ban, Needs::platform_read},
    {"PUT", "/v1/bans/{provider}/{subject}", "bans", admin::put_ban, Needs::root, Asks::store_and_log},
    {"DELETE", "/v1/bans/{provider}/{subject}", "bans", admin::delete_ban, Needs::root, Asks::store_and_log},
    {"GET", "/v1/orgs/{org}/connectors/stripe", "connectors", admin::get_connector},
    {"PUT", "/v1/orgs/{org}/connectors/stripe", "connectors", admin::put_connector, Needs::root,
     Asks::store_and_log},
    {"DELETE", "/v1/orgs/{org}/connectors/stripe", "connectors", admin::delete_connector, Needs::root,
     Asks::store_and_log},
    {"GET", "/v1/orgs/{org}/workflows", "workflows", admin::list_workflows},
    {"GET", "/v1/orgs/{org}/workflows/{id}", "workflows", admin::get_workflow},
    {"PUT", "/v1/orgs/{org}/workflows/{id}", "workflows", admin::put_workflow, Needs::root,
     Asks::store_and_log},
    {"DELETE", "/v1/orgs/{org}/workflows/{id}", "workflows", admin::delete_workflow, Needs::root,
     Asks::store_and_log},
    {"GET", "/v1/orgs/{org}/runs", "runs", admin::list_runs},
    {"GET", "/v1/orgs/{org}/runs/{id}", "runs", admin::get_run},
    {"GET", "/webhooks/configs", "webhook_configs", admin::list_webhook_configs, Needs::org_webhooks_read},
    {"PUT", "/webhooks/configs", "webhook_configs", admin::put_webhook_config, Needs::org_webhooks,
     Asks::store_and_log},
    {"GET", "/webhooks/configs/{id}", "webhook_configs", admin::get_webhook_config, Needs::org_webhooks_read},
    {"DELETE", "/webhooks/configs/{id}", "webhook_configs", admin::delete_webhook_config, Needs::org_webhooks,
     Asks::store_and_log},
    {"POST", "/webhooks/configs/{id}/test", "webhook_configs", admin::test_webhook_config,
     Needs::org_webhooks, Asks::store, kTestDeadline},
    {"POST", "/webhooks/configs/{id}/recover", "webhook_configs", admin::recover_webhook_config,
     Needs::org_webhooks, Asks::store, kRecoverDeadline},
    {"GET", "/webhooks/logs", "webhook_logs", admin::list_webhook_logs, Needs::org_webhooks_read},
    {"POST", "/webhooks/logs/{id}/resend", "webhook_logs", admin::resend_webhook, Needs::org_webhooks},
    {"GET", "/v1/feed", "feed", admin::get_feed, Needs::org_webhooks_read, Asks::store, kFeedDeadline},
    {"GET", "/v1/audit", "audit", admin::list_audit, Needs::platform_read},
};

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
  Impl(const AdminPorts& ports, const SettingPorts& settings, AdminOptions options)
      : token(std::move(options.token)),
        pools(ports.log, ports.clock, ports.metrics, watch_options(options)),
        deliveries(ports.store, ports.clock, ports.metrics, watch_options(options)),
        context{ports.store,
                ports.ledger,
                ports.log,
                ports.clock,
                pools,
                deliveries,
                feed,
                {ports.sender, AddressPolicy(std::move(options.allow_hosts)), options.outbound_timeout,
                 options.secret_overlap},
                settings,
                std::move(options.store_address),
                std::move(options.log_address),
                [this, life = life](std::function<void()> task) {
                  const std::lock_guard lock(life->mutex);
                  return !life->ended && tasks.submit(std::move(task));
                }},
        probes({.serve_metrics = true, .name_causes = true}, ports.readiness, ports.metrics),
        answer_deadline(options.answer_deadline),
        tasks(options.threads, options.waiting_max),
        log_tasks(1, options.waiting_max),
        feed(ports.store, ports.clock, context.submit) {
    CHECK(!token.empty());
  }
  ~Impl() {
    const std::lock_guard lock(life->mutex);
    life->ended = true;
  }

  http::Response failure(const http::Request& request, const Error& error) const {
    return admin::failure_response(request, context.store_address, error);
  }

  void answer(const Endpoint& endpoint, admin::Request request, const http::Responder& responder) const {
    if (const auto* late = std::get_if<admin::LateAnswer*>(&endpoint.answer)) {
      const auto kept = std::make_shared<const admin::Request>(std::move(request));
      return (*late)(context, kept, [this, kept, responder](Result<http::Response> answered) {
        responder.send(answered ? std::move(answered).value() : failure(*kept, answered.error()));
      });
    }
    auto answered = std::get<admin::Answer*>(endpoint.answer)(context, request);
    responder.send(answered ? std::move(answered).value() : failure(request, answered.error()));
  }

  void answer(const Endpoint& endpoint, admin::Principal principal, http::Request&& request,
              const http::Responder& responder) const {
    auto org = admin::authorize(request, principal, endpoint.needs);
    if (auto* refusal = std::get_if<http::Response>(&org)) return responder.send(std::move(*refusal));
    answer(endpoint,
           admin::Request(std::move(request), std::move(principal), std::get<std::string>(std::move(org))),
           responder);
  }

  void answer_key(const Endpoint& endpoint, http::Request&& request, const http::Responder& responder) const {
    auto holder = admin::holder_of(context.settings, admin::bearer_token(request));
    if (!holder) return responder.send(failure(request, holder.error()));
    if (!holder.value()) return responder.send(admin::unauthorized());
    answer(endpoint, *std::move(holder).value(), std::move(request), responder);
  }

  void handle(const Endpoint& endpoint, http::Request&& request, const http::Responder& responder) {
    const bool root = crypto::constant_time_equal(admin::bearer_token(request), token);
    if (!root && !registry::parse_api_key(admin::bearer_token(request)))
      return responder.send(admin::unauthorized());
    // Who holds a key, the store says.
    auto& pool = root && endpoint.asks == Asks::log ? log_tasks : tasks;
    const bool taken =
        pool.submit([this, root, &endpoint, request = std::move(request), responder]() mutable {
          if (root)
            answer(endpoint, admin::Principal{}, std::move(request), responder);
          else
            answer_key(endpoint, std::move(request), responder);
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

  // For what comes back after the API has ended.
  struct Life {
    std::mutex mutex;
    bool ended = false;
  };
  const std::shared_ptr<Life> life = std::make_shared<Life>();
  const std::string token;
  admin::PoolWatch pools;
  admin::DeliveryWatch deliveries;
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
  admin::FeedWatch feed;  // whose thread gives tasks
};

AdminApi::AdminApi(const AdminPorts& ports, AdminOptions options)
    : impl_(std::make_unique<Impl>(ports, setting_ports(ports), std::move(options))) {}

SettingPorts setting_ports(const AdminPorts& ports) {
  return {ports.store, ports.sink, ports.sealer, ports.registry, ports.clock};
}

AdminApi::~AdminApi() = default;

void AdminApi::end_waits() { impl_->feed.end(); }

std::vector<http::Route> AdminApi::routes() {
  std::vector<http::Route> routes;
  for (const auto& endpoint : kEndpoints) routes.push_back(impl_->route(endpoint));
  routes.push_back(document("/openapi.yaml", "openapi", impl_->openapi));
  routes.push_back(document("/asyncapi.yaml", "asyncapi", impl_->asyncapi));
  for (auto& probe : impl_->probes.routes()) routes.push_back(std::move(probe));
  return routes;
}

}  // namespace penstock
