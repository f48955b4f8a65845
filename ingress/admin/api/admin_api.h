// The private listener's API: state, events and pools for operators, behind a bearer token (docs/handlers.md,
// schemas/openapi.yaml).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "common/core/time.h"
#include "common/crypto/sealer.h"
#include "common/http/probes/readiness.h"
#include "common/http/server/server.h"
#include "common/net/ip_address.h"
#include "common/observe/metrics.h"
#include "common/ports/clock.h"
#include "common/ports/event_sink.h"
#include "common/ports/event_source.h"
#include "common/ports/http_sender.h"
#include "common/ports/ledger_audit.h"
#include "common/ports/store.h"
#include "common/registry/table.h"
#include "workers/settings/setting_writer.h"

namespace penstock {

// All must outlive the API.
struct AdminPorts {
  Store& store;
  LedgerAudit& ledger;
  EventSource& log;
  EventSink& sink;  // of the same log
  const crypto::Sealer& sealer;
  const registry::Table& registry;  // this process's
  const Clock& clock;
  Metrics& metrics;
  Readiness& readiness;  // for /readyz
  HttpSender& sender;    // of webhooks that are tested
};

SettingPorts setting_ports(const AdminPorts& ports);

struct AdminOptions {
  std::string token;                   // of the root; not empty
  std::string group_prefix;            // the consumer group of a pool is this and its name
  std::vector<std::string> pools;      // to watch, each named like its topic
  std::string store_address;           // for messages: "postgresql at h1:5432/penstock"
  std::string log_address;             // likewise
  std::vector<IpRange> allow_hosts{};  // that webhooks may reach although they are private
  Milliseconds outbound_timeout{15'000};
  Milliseconds secret_overlap = std::chrono::hours{24};
  std::size_t threads = 4;               // of handlers that block on the store
  std::size_t waiting_max = 64;          // requests that wait for a thread; beyond, 503
  Milliseconds answer_deadline{30'000};  // then 503, which names whom the handler waits for
  Milliseconds pool_interval{5'000};     // between two looks at the pools
  Milliseconds pool_stuck_after{15'000};
  Milliseconds pool_answer_wait{500};  // for a new look at the pools; then the last one is shown
};

// Answers every request within `answer_deadline`, a check of the ledger within 21 minutes. /healthz, /readyz and /metrics need
// no token: the listener is private, and probes and scrapers carry none. Nor do /openapi.yaml and
// /asyncapi.yaml, which hold nothing secret.
class AdminApi {
 public:
  AdminApi(const AdminPorts& ports, AdminOptions options);
  // Waits for the handlers that run. The server must have been stopped.
  ~AdminApi();
  AdminApi(const AdminApi&) = delete;
  AdminApi& operator=(const AdminApi&) = delete;

  // Answers all that waits for something to come, and lets nothing wait any more. Before the server is stopped.
  void end_waits();

  // For an HttpServer, which must be gone before this is.
  std::vector<http::Route> routes();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace penstock
