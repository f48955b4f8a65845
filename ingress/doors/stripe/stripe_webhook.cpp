#include <array>
#include <utility>

#include "common/crypto/crypto.h"
#include "common/observe/log.h"
#include "ingress/doors/stripe/stripe_record.h"
#include "ingress/doors/stripe/stripe_webhook.h"
#include "ingress/intake/log_limit.h"
#include "ingress/signatures/explain.h"

namespace penstock {
namespace {

constexpr std::uint32_t kRefusalLinesPerSecond = 10;
constexpr std::uint32_t kFailureLinesPerSecond = 1;
constexpr std::string_view kSignatureField = "Stripe-Signature";

prometheus::Histogram::BucketBoundaries ack_buckets() {
  return {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5};
}

void say_held_back(std::string_view what, std::uint64_t lines) {
  if (lines > 0) log::warn("lines were held back", {{"line", what}, {"count", lines}});
}

}  // namespace

struct StripeWebhook::Refusals {
  explicit Refusals(Metrics& metrics) {
    auto& family = prometheus::BuildCounter()
                       .Name("penstock_ingress_refused_total")
                       .Help("Requests and connections that were turned away, by reason")
                       .Register(metrics.registry());
    for (std::size_t i = 1; i < kSignatureVerdicts; ++i)
      by_verdict[i] = &family.Add({{"reason", std::string(to_string(static_cast<SignatureVerdict>(i)))}});
  }
  ~Refusals() { say_held_back("signature refused", logged.take_held_back()); }

  std::array<prometheus::Counter*, kSignatureVerdicts> by_verdict{};
  LogLimit logged{kRefusalLinesPerSecond};
};

// Answers the senders of events that verified.
struct StripeWebhook::Replies {
  Replies(std::chrono::seconds retry_after, const Clock& wall_clock, Metrics& metrics)
      : unavailable(http::problem_with_retry(503, "log_unavailable",
                                             "the event could not be stored; send it again", retry_after)),
        clock(wall_clock),
        ack_seconds(prometheus::BuildHistogram()
                        .Name("penstock_ingress_ack_seconds")
                        .Help("From the last byte of an event to the log's acknowledgement")
                        .Register(metrics.registry())
                        .Add({}, ack_buckets())) {}
  ~Replies() { say_held_back("event not stored", failures_logged.take_held_back()); }

  void on_appended(const Result<Position>& result, std::chrono::steady_clock::time_point received_at,
                   const http::Responder& responder);
  void on_append_error(const Error& error, const http::Responder& responder);

  const http::Response received{.status = 200, .body = R"({"received": true})"};  // sent as it is
  const http::Response unavailable;
  const Clock& clock;
  prometheus::Histogram& ack_seconds;
  LogLimit failures_logged{kFailureLinesPerSecond};
};

StripeWebhook::StripeWebhook(StripeWebhookOptions options, const Catalogue& catalogue, LogCircuit& log,
                             const Clock& clock, Metrics& metrics)
    : signature_(options.secrets, options.tolerance),
      ack_deadline_(options.ack_deadline),
      catalogue_(catalogue),
      log_(log),
      clock_(clock),
      refusals_(std::make_unique<Refusals>(metrics)),
      replies_(std::make_shared<Replies>(options.retry_after, clock, metrics)) {}

StripeWebhook::~StripeWebhook() = default;

std::vector<http::Route> StripeWebhook::routes() {
  std::vector<http::Route> routes;
  for (const char* path : {"/v1/webhook/stripe", "/api/webhooks/stripe"})
    routes.push_back(
        {.method = "POST",
         .pattern = path,
         .name = "stripe",
         .handler = [this](http::Request&& request,
                           const http::Responder& responder) { handle(std::move(request), responder); },
         .media_type = "application/json",
         .authenticate = [this](const http::Request& request) { return authenticate(request); },
         .answer_deadline = ack_deadline_,
         .late_answer = replies_->unavailable});
  return routes;
}

std::optional<http::Response> StripeWebhook::authenticate(const http::Request& request) {
  const auto verdict = signature_.judge_header(request.head.field_values(kSignatureField), clock_.now());
  if (verdict == SignatureVerdict::valid) return std::nullopt;
  return refuse(request, verdict);
}

void StripeWebhook::handle(http::Request&& request, const http::Responder& responder) {
  if (!signature_.signed_by_us(*request.header(kSignatureField), request.body))
    return responder.send(refuse(request, SignatureVerdict::signature_mismatch));
  const auto patience = log_.append(
      stripe_record(std::move(request.body), catalogue_, clock_.now(), &crypto::uuid_v7),
      [replies = replies_, received_at = request.received_at, responder](const Result<Position>& result) {
        replies->on_appended(result, received_at, responder);
      });
  if (!patience) return replies_->on_append_error(patience.error(), responder);
  if (patience.value() < ack_deadline_) responder.answer_within(patience.value());
}

http::Response StripeWebhook::refuse(const http::Request& request, SignatureVerdict verdict) {
  refusals_->by_verdict[static_cast<std::size_t>(verdict)]->Increment();
  const auto now = clock_.now();
  if (const auto held_back = refusals_->logged.admit(now)) {
    say_held_back("signature refused", *held_back);
    const auto headers = request.head.field_values(kSignatureField);
    log::warn("signature refused", {{"route", "stripe"},
                                    {"reason", to_string(verdict)},
                                    {"detail", explain(verdict, signature_, headers, request.body, now)},
                                    {"request_id", request.request_id()},
                                    {"address", request.remote_address}});
  }
  return http::problem(401, "signature_invalid", "the signature is missing or invalid");
}

void StripeWebhook::Replies::on_appended(const Result<Position>& result,
                                         std::chrono::steady_clock::time_point received_at,
                                         const http::Responder& responder) {
  if (!result) return on_append_error(result.error(), responder);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - received_at;
  ack_seconds.Observe(elapsed.count());
  responder.send_constant(received);
}

void StripeWebhook::Replies::on_append_error(const Error& error, const http::Responder& responder) {
  // That the log is away is said by the circuit, once.
  if (!means_away(error.code)) {
    if (const auto held_back = failures_logged.admit(clock.now())) {
      say_held_back("event not stored", *held_back);
      log::error("event not stored", {{"code", to_string(error.code)}, {"detail", error.detail}});
    }
  }
  responder.send_constant(unavailable);
}

}  // namespace penstock
