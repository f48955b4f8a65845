#include <array>
#include <atomic>
#include <utility>

#include "common/crypto/crypto.h"
#include "common/observe/log.h"
#include "ingress/routes/routes.h"
#include "ingress/routes/stripe_record.h"

namespace penstock {
namespace {

constexpr std::size_t kVerdicts = 10;
constexpr std::size_t kErrorCodes = 10;
constexpr int kLogLinesPerSecond = 10;

// Lets a few lines a second through, so that a flood of bad requests does not flood the log.
class LogLimit {
 public:
  bool allows(Timestamp now) noexcept {
    const auto second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    if (second_.exchange(second, std::memory_order_relaxed) != second)
      lines_.store(0, std::memory_order_relaxed);
    return lines_.fetch_add(1, std::memory_order_relaxed) < kLogLinesPerSecond;
  }

 private:
  std::atomic<std::int64_t> second_{0};
  std::atomic<int> lines_{0};
};

prometheus::Histogram::BucketBoundaries ack_buckets() {
  return {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5};
}

}  // namespace

struct StripeWebhook::Instruments {
  explicit Instruments(Metrics& metrics)
      : ack_seconds(prometheus::BuildHistogram()
                        .Name("penstock_ingress_ack_seconds")
                        .Help("From the last byte of an event to the log's acknowledgement")
                        .Register(metrics.registry())
                        .Add({}, ack_buckets())) {
    auto& refused_family = prometheus::BuildCounter()
                               .Name("penstock_ingress_refused_total")
                               .Help("Requests and connections that were turned away, by reason")
                               .Register(metrics.registry());
    for (std::size_t i = 1; i < kVerdicts; ++i)
      refused[i] =
          &refused_family.Add({{"reason", std::string(to_string(static_cast<SignatureVerdict>(i)))}});
    auto& errors_family = prometheus::BuildCounter()
                              .Name("penstock_log_append_errors_total")
                              .Help("Appends that the log refused or did not acknowledge")
                              .Register(metrics.registry());
    for (std::size_t i = 0; i < kErrorCodes; ++i)
      append_errors[i] = &errors_family.Add({{"code", std::string(to_string(static_cast<ErrorCode>(i)))}});
  }

  prometheus::Histogram& ack_seconds;
  std::array<prometheus::Counter*, kVerdicts> refused{};
  std::array<prometheus::Counter*, kErrorCodes> append_errors{};
  LogLimit refusals_logged;
  std::atomic<bool> log_failing{false};
};

StripeWebhook::StripeWebhook(StripeWebhookOptions options, const Catalogue& catalogue, EventLog& log,
                             const Clock& clock, Metrics& metrics)
    : signature_(options.secrets, options.tolerance),
      ack_deadline_(options.ack_deadline),
      catalogue_(catalogue),
      log_(log),
      clock_(clock),
      instruments_(std::make_unique<Instruments>(metrics)),
      received_{.status = 200, .body = R"({"received": true})"},
      unavailable_(http::problem_with_retry(
          503, "log_unavailable", "the event could not be stored; send it again", options.retry_after)) {}

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
         .answer_deadline = ack_deadline_,
         .late_answer = unavailable_});
  return routes;
}

void StripeWebhook::handle(http::Request&& request, const http::Responder& responder) {
  const auto now = clock_.now();
  const auto verdict = signature_.verify(request.head.field_values("Stripe-Signature"), request.body, now);
  if (verdict != SignatureVerdict::valid) return refuse(request, verdict, responder);
  const auto taken =
      log_.append(stripe_record(std::move(request.body), catalogue_, now, &crypto::uuid_v7),
                  [this, received_at = request.received_at, responder](const Result<Position>& result) {
                    on_appended(result, received_at, responder);
                  });
  if (!taken) on_append_error(taken.error(), responder);
}

void StripeWebhook::refuse(const http::Request& request, SignatureVerdict verdict,
                           const http::Responder& responder) {
  instruments_->refused[static_cast<std::size_t>(verdict)]->Increment();
  if (instruments_->refusals_logged.allows(clock_.now()))
    log::warn("signature refused", {{"route", "stripe"},
                                    {"reason", to_string(verdict)},
                                    {"request_id", request.request_id()},
                                    {"address", request.remote_address}});
  responder.send(http::problem(401, "signature_invalid", "the signature is missing or invalid"));
}

void StripeWebhook::on_appended(const Result<Position>& result,
                                std::chrono::steady_clock::time_point received_at,
                                const http::Responder& responder) {
  if (!result) return on_append_error(result.error(), responder);
  if (instruments_->log_failing.exchange(false, std::memory_order_relaxed))
    log::info("the log takes events again");
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - received_at;
  instruments_->ack_seconds.Observe(elapsed.count());
  responder.send_constant(received_);
}

void StripeWebhook::on_append_error(const Error& error, const http::Responder& responder) {
  instruments_->append_errors[static_cast<std::size_t>(error.code)]->Increment();
  if (!instruments_->log_failing.exchange(true, std::memory_order_relaxed))
    log::error("the log does not take events", {{"code", to_string(error.code)}, {"detail", error.detail}});
  responder.send_constant(unavailable_);
}

}  // namespace penstock
