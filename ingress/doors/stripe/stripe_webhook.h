// What the public listener serves. Each class below gives its rows of the route table; it must outlive the
// server that has them.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/catalogue/catalogue.h"
#include "common/http/server/server.h"
#include "common/observe/metrics.h"
#include "common/ports/clock.h"
#include "ingress/intake/log_circuit.h"
#include "ingress/signatures/stripe_signature.h"

namespace penstock {

struct StripeWebhookOptions {
  std::vector<std::string> secrets = {};  // any of them may sign
  std::optional<std::chrono::seconds> tolerance = std::chrono::seconds{300};
  Milliseconds ack_deadline{5'000};  // for the log to have it; then 503, and Stripe sends it again
  std::chrono::seconds retry_after{5};
};

// POST /v1/webhook/stripe and /api/webhooks/stripe. A 200 means: verified, and acknowledged by the log. What
// verifies is never refused for what it says; whether it is an event at all is for the workers to find out.
//
// A request whose signature cannot be right whatever the body is refused before its body is read. The age of
// a signature is judged then, once.
//
// Events that the log has not answered for when this is destroyed are counted still; the clock and the
// metrics must outlive the log.
class StripeWebhook {
 public:
  StripeWebhook(StripeWebhookOptions options, const Catalogue& catalogue, LogCircuit& log, const Clock& clock,
                Metrics& metrics);
  ~StripeWebhook();
  StripeWebhook(const StripeWebhook&) = delete;
  StripeWebhook& operator=(const StripeWebhook&) = delete;

  std::vector<http::Route> routes();

 private:
  std::optional<http::Response> authenticate(const http::Request& request);
  void handle(http::Request&& request, const http::Responder& responder);
  http::Response refuse(const http::Request& request, SignatureVerdict verdict);

  struct Refusals;
  struct Replies;

  const StripeSignature signature_;
  const Milliseconds ack_deadline_;
  const Catalogue& catalogue_;
  LogCircuit& log_;
  const Clock& clock_;
  const std::unique_ptr<Refusals> refusals_;
  const std::shared_ptr<Replies> replies_;  // shared with the appends that are open
};

}  // namespace penstock
