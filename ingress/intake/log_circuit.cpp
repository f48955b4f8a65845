#include "ingress/intake/log_circuit.h"

#include <utility>

namespace penstock {
namespace {

const Error kLate{ErrorCode::timeout, "the log has not acknowledged it in time"};

}  // namespace

LogCircuit::LogCircuit(EventSink& log, const Clock& clock, LogCircuitOptions options, Metrics& metrics)
    : log_(log), clock_(clock), open_(std::make_shared<Open>(clock, std::move(options), metrics)) {}

Status LogCircuit::append(Record&& record, AppendDone done) {
  TRY(const LogHealth::Ticket ticket, open_->health.enter());
  const Place place = open_->wait(std::move(done), ticket, clock_.uptime());
  Status accepted =
      log_.append(std::move(record), [open = open_, ticket, place](const Result<Position>& result) {
        open->health.settle(ticket, result ? nullptr : &result.error());
        if (const auto waiting = open->take(place)) waiting(result);
      });
  if (accepted) return ok();
  open_->health.settle(ticket, &accepted.error());
  return open_->take(place) ? accepted : ok();
}

void LogCircuit::give_up_late() {
  for (const auto& done : open_->take_late(clock_.uptime())) {
    open_->late.Increment();
    done(kLate);
  }
}

LogCircuit::Open::Open(const Clock& clock, LogCircuitOptions options, Metrics& metrics)
    : health(clock, std::move(options), metrics),
      late(prometheus::BuildCounter()
               .Name("penstock_ingress_acks_late_total")
               .Help("Events that the log had not acknowledged when their time was up")
               .Register(metrics.registry())
               .Add({})) {}

LogCircuit::Place LogCircuit::Open::wait(AppendDone done, const LogHealth::Ticket& ticket, Milliseconds now) {
  const std::scoped_lock lock(mutex);
  auto& waiting = ticket.probe == 0 ? events : probes;
  return waiting.insert(waiting.end(), {std::move(done), now + health.patience(ticket), &waiting});
}

AppendDone LogCircuit::Open::take(Place place) {
  const std::scoped_lock lock(mutex);
  AppendDone done = std::move(place->done);
  place->in->erase(place);
  return done;
}

std::vector<AppendDone> LogCircuit::Open::take_late(Milliseconds now) {
  std::vector<AppendDone> late_ones;
  const std::scoped_lock lock(mutex);
  for (auto* waiting : {&events, &probes}) {
    while (!waiting->empty() && waiting->front().until <= now) {
      Waiting& first = waiting->front();
      late_ones.push_back(std::exchange(first.done, nullptr));
      first.in = &given_up;
      given_up.splice(given_up.end(), *waiting, waiting->begin());
    }
  }
  return late_ones;
}

}  // namespace penstock
