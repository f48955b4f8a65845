// The public listener: verifies, appends, acknowledges. The log is all it depends on, but for sign-ins, which depend on
// their providers too.
// A part that programs assemble.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/http/probes/probes.h"
#include "common/ports/event_log.h"
#include "common/ports/http_sender.h"
#include "common/waits/follower.h"
#include "common/wiring/registry.h"
#include "ingress/claims/follower.h"
#include "ingress/options.h"
#include "ingress/signin/sign_in.h"

namespace penstock {

// All it is given must outlive it.
class Ingress {
 public:
  Ingress(const Settings& settings, EventLog& log, const Registry& registry, const Clock& clock,
          Metrics& metrics);
  Ingress(const Ingress&) = delete;
  Ingress& operator=(const Ingress&) = delete;

  // As EventSink::ready(), and what the events have found out about the log. Any thread; blocks as that does.
  Status ready();
  // The check of GET /readyz that asks so.
  ReadinessCheck log_check();
  // Whether the connectors' door can answer.
  ReadinessCheck waits_check() const;
  // Whether the reports' door knows what it has answered before.
  ReadinessCheck claims_check() const;

  // Serves from here until stop(), and logs its address or why it cannot. The readiness must live as long.
  Status start(Readiness& readiness);
  // Takes nothing new and lets everything that was accepted be acknowledged. Blocks for 15 s and
  // PENSTOCK_ACK_TIMEOUT at most.
  void stop();

  const std::string& address() const { return server_->bound_address(); }

 private:
  Result<IdentityProviders> open_providers();
  Status open_sign_in();

  const Settings& settings_;
  EventLog& log_;
  const Registry& registry_;
  const Clock& clock_;
  Metrics& metrics_;
  const std::shared_ptr<const Sessions> sessions_;
  const std::shared_ptr<Claims> claims_;  // appends that are open may outlive this
  const waits::Follower waits_;
  Intake intake_;
  std::optional<ClaimsFollower> claims_follower_;  // until this has stopped
  std::optional<Probes> probes_;
  std::optional<SignIn> sign_in_;
  std::unique_ptr<HttpSender> sender_;  // none without providers; its end is the end of what sign-ins ask
  std::optional<http::HttpServer> server_;
};

}  // namespace penstock
