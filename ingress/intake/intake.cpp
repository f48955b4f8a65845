#include "ingress/intake/intake.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <unordered_map>
#include <utility>

#include "common/observe/log.h"
#include "ingress/intake/log_limit.h"

namespace penstock {
namespace {

constexpr std::uint32_t kRefusalLinesPerSecond = 10;
constexpr std::uint32_t kFailureLinesPerSecond = 1;
constexpr Milliseconds kGiveUpInterval{20};
// The circuit answers in time; should it not, the server does.
constexpr Milliseconds kAnswerSlack{1'000};

prometheus::Histogram::BucketBoundaries ack_buckets() {
  return {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5};
}

void say_held_back(std::string_view line, std::uint64_t lines) {
  if (lines > 0) log::warn("lines were held back", {{"line", line}, {"count", lines}});
}

}  // namespace

// Answers the senders of events that verified.
struct Intake::Replies {
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

  void on_acknowledged(std::chrono::steady_clock::time_point received_at) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - received_at;
    ack_seconds.Observe(elapsed.count());
  }

  void on_append_error(const Error& error, const http::Responder& responder) {
    // That the log is away is said by the circuit, once.
    if (!means_away(error.code)) {
      if (const auto held_back = failures_logged.admit(clock.now())) {
        say_held_back("event not stored", *held_back);
        log::error("event not stored", {{"code", to_string(error.code)}, {"detail", error.detail}});
      }
    }
    responder.send_constant(unavailable);
  }

  const http::Response unavailable;
  const Clock& clock;
  prometheus::Histogram& ack_seconds;
  LogLimit failures_logged{kFailureLinesPerSecond};
};

struct Intake::Opened {
  Opened(Door opened, std::shared_ptr<Replies> all_replies, Metrics& metrics)
      : door(std::move(opened)),
        replies(std::move(all_replies)),
        accepted(prometheus::BuildCounter()
                     .Name("penstock_ingress_accepted_total")
                     .Help("Events that the log has acknowledged, by door")
                     .Register(metrics.registry())
                     .Add({{"door", std::string(door.name)}})) {
    auto& family = prometheus::BuildCounter()
                       .Name("penstock_ingress_refused_total")
                       .Help("Requests and connections that were turned away, by reason")
                       .Register(metrics.registry());
    for (const auto reason : door.reasons)
      refused.emplace(reason,
                      &family.Add({{"door", std::string(door.name)}, {"reason", std::string(reason)}}));
  }
  ~Opened() { say_held_back(door.refusal, lines.take_held_back()); }

  const Door door;
  const std::shared_ptr<Replies> replies;
  prometheus::Counter& accepted;
  std::unordered_map<std::string_view, prometheus::Counter*> refused;
  LogLimit lines{kRefusalLinesPerSecond};
};

Intake::Intake(IntakeOptions options, EventSink& log, const Clock& clock, Metrics& metrics)
    : answer_deadline_(options.log.answer_deadline + kAnswerSlack),
      clock_(clock),
      metrics_(metrics),
      circuit_(std::make_shared<LogCircuit>(log, clock, std::move(options.log), metrics)),
      replies_(std::make_shared<Replies>(options.retry_after, clock, metrics)),
      giving_up_(kGiveUpInterval, [this] { circuit_->give_up_late(); }) {}

Intake::~Intake() = default;

std::vector<http::Route> Intake::routes(Door door) {
  const auto opened = std::make_shared<Opened>(std::move(door), replies_, metrics_);
  std::vector<http::Route> routes;
  for (const auto& path : opened->door.paths)
    routes.push_back(
        {.method = "POST",
         .pattern = path,
         .name = opened->door.name,
         .handler = [this, opened](
                        http::Request&& request,
                        const http::Responder& responder) { take(opened, std::move(request), responder); },
         .media_type = opened->door.media_type,
         .authenticate = [this, opened](const http::Request& request) -> std::optional<http::Response> {
           const auto refused = opened->door.authenticate_head(request, clock_.now());
           if (!refused) return std::nullopt;
           return refuse(*opened, request, *refused);
         },
         .answer_deadline = answer_deadline_,
         .late_answer = replies_->unavailable});
  return routes;
}

// One request and the way back to whoever sent it.
struct Intake::Exchange {
  std::shared_ptr<Opened> opened;
  http::Responder responder;
  std::chrono::steady_clock::time_point received_at;

  void fail(const Error& error) const { opened->replies->on_append_error(error, responder); }
};

void Intake::take(const std::shared_ptr<Opened>& opened, http::Request&& request,
                  const http::Responder& responder) {
  const Exchange exchange{opened, responder, request.received_at};
  auto received = opened->door.receive(request, clock_.now());
  if (const auto* refused = std::get_if<Refused>(&received))
    return responder.send(refuse(*opened, request, *refused));
  if (auto* claimed = std::get_if<ClaimedEvent>(&received)) return claim(exchange, std::move(*claimed));
  append(*circuit_, exchange, std::move(std::get<VerifiedEvent>(received)));
}

void Intake::append(LogCircuit& circuit, const Exchange& exchange, VerifiedEvent&& event) {
  const Status accepted =
      circuit.append(std::move(event.record),
                     [exchange, answer = std::move(event.answer)](const Result<Position>& result) mutable {
                       const auto& [opened, responder, received_at] = exchange;
                       if (!result) return exchange.fail(result.error());
                       opened->replies->on_acknowledged(received_at);
                       opened->accepted.Increment();
                       if (answer) return responder.send(*std::move(answer));
                       responder.send_constant(opened->door.accepted);
                     });
  if (!accepted) exchange.fail(accepted.error());
}

void Intake::claim(const Exchange& exchange, ClaimedEvent&& claimed) {
  const std::weak_ptr<LogCircuit> circuit = circuit_;
  const auto settled = [exchange, circuit](Result<VerifiedEvent> event) {
    if (!event) return exchange.fail(event.error());
    if (const auto still_there = circuit.lock()) append(*still_there, exchange, std::move(event).value());
  };
  const Status accepted = circuit_->append(
      std::move(claimed.claim),
      [exchange, settled, settle = std::move(claimed.settle)](const Result<Position>& result) {
        if (!result) return exchange.fail(result.error());
        settle(result.value(), settled);
      });
  if (!accepted) exchange.fail(accepted.error());
}

http::Response Intake::refuse(Opened& opened, const http::Request& request, const Refused& refused) {
  opened.refused.at(refused.reason)->Increment();
  if (const auto held_back = opened.lines.admit(clock_.now())) {
    say_held_back(opened.door.refusal, *held_back);
    log::warn(opened.door.refusal, {{"route", opened.door.name},
                                    {"reason", refused.reason},
                                    {"detail", refused.detail()},
                                    {"request_id", request.request_id()},
                                    {"address", request.remote_address}});
  }
  return refused.answer;
}

}  // namespace penstock
