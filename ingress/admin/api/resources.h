// What each resource of the admin API answers (contract.md, "State"): one function a route of admin_api.cpp's
// table. All block on the store or the log, and read without locks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/core/result.h"
#include "common/http/server/server.h"
#include "common/net/address_policy.h"
#include "common/ports/clock.h"
#include "common/ports/event_source.h"
#include "common/ports/http_sender.h"
#include "common/ports/ledger_audit.h"
#include "common/ports/store.h"
#include "ingress/admin/api/delivery_watch.h"
#include "ingress/admin/api/feed_watch.h"
#include "ingress/admin/api/pool_watch.h"
#include "ingress/admin/api/principal.h"

namespace penstock::admin {

// What is sent to receivers of webhooks.
struct Outgoing {
  HttpSender& sender;
  AddressPolicy policy;  // the sender's
  Milliseconds timeout;
  Milliseconds secret_overlap;  // how long the secret before signs beside a new one
};

// May be shared by threads.
struct Context {
  Store& store;
  LedgerAudit& ledger;
  EventSource& log;
  const Clock& clock;
  PoolWatch& pools;
  DeliveryWatch& deliveries;
  FeedWatch& feed;
  Outgoing outgoing;
  SettingPorts settings;
  std::string store_address;  // for messages
  std::string log_address;
  // Has it run on a thread that may block, while the context is there. False: too many wait for one, or it is not. A copy of the function
  // may be kept and called for longer than that.
  std::function<bool(std::function<void()>)> submit;
};

// What the client did wrong is a Response; an Error is the store's, and becomes a failure_response(). Where
// the log fails, a handler answers with that itself.
using Answer = Result<http::Response>(const Context&, const Request&);

// Likewise, but answered when something has come that the handler does not wait for: by one call, from any thread.
using Reply = std::function<void(Result<http::Response>)>;
using LateAnswer = void(const Context&, const std::shared_ptr<const Request>&, const Reply&);

// 500 or 503, which names the part at `address` and not the detail: that is logged.
http::Response failure_response(const http::Request& request, std::string_view address, const Error& error);

// 503 with Retry-After: the part at `address` is away, in the words for that code.
http::Response try_again(std::string_view address, ErrorCode code);

Answer get_payment;  // payments.cpp
Answer list_fulfillments;
Answer list_payments;       // payment_list.cpp
Answer list_subscriptions;  // state_lists.cpp
Answer list_payouts;
Answer list_accounts;
Answer get_wallet;  // wallets.cpp
Answer list_wallet_entries;
Answer check_ledger;
Answer get_subscription;  // subscriptions.cpp
Answer get_profile;
Answer get_account;  // connect.cpp
Answer get_payout;
Answer get_session_payment;
Answer put_session_payment;
Answer get_user;  // users.cpp
Answer list_users;
Answer get_ad;  // ads.cpp
Answer list_ads;
Answer put_ad;
Answer get_report;  // reports.cpp
Answer list_reports;
Answer patch_report;
Answer list_events;  // events.cpp
Answer get_event;
Answer list_parked;
Answer list_alerts;
Answer list_event_types;  // event_types.cpp
Answer list_pools;        // pools.cpp
Answer list_partners;     // partners.cpp
Answer get_partner;
Answer put_partner;
Answer delete_partner;
Answer list_apps;  // apps.cpp
Answer get_app;
Answer put_app;
Answer delete_app;
Answer list_api_keys;  // api_keys.cpp
Answer post_api_key;
Answer delete_api_key;
Answer list_bans;  // bans.cpp
Answer get_ban;
Answer put_ban;
Answer delete_ban;
Answer get_connector;  // connectors.cpp
Answer put_connector;
Answer delete_connector;
Answer list_workflows;  // workflows.cpp
Answer get_workflow;
Answer put_workflow;
Answer delete_workflow;
Answer list_webhook_configs;  // webhook_configs.cpp
Answer put_webhook_config;
Answer get_webhook_config;
Answer delete_webhook_config;
LateAnswer test_webhook_config;  // webhook_test.cpp
Answer recover_webhook_config;   // webhook_logs.cpp
Answer list_webhook_logs;
Answer resend_webhook;
LateAnswer get_feed;  // feed.cpp
Answer list_runs;     // runs.cpp
Answer get_run;
Answer list_audit;  // audit.cpp

}  // namespace penstock::admin
