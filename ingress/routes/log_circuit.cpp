#include "ingress/routes/log_circuit.h"

#include <utility>

#include "common/observe/log.h"

namespace penstock {

bool means_away(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
      return true;
    case ErrorCode::overloaded:
    case ErrorCode::conflict:
    case ErrorCode::invalid:
    case ErrorCode::not_found:
    case ErrorCode::wrong_schema:
    case ErrorCode::fenced:
    case ErrorCode::corrupt:
    case ErrorCode::internal:
      return false;
  }
  return false;
}

LogCircuit::Instruments::Instruments(Metrics& metrics)
    : away(prometheus::BuildGauge()
               .Name("penstock_ingress_log_away")
               .Help("1 while the log is known to be away and events are refused at once")
               .Register(metrics.registry())
               .Add({})),
      refused(prometheus::BuildCounter()
                  .Name("penstock_ingress_log_away_refused_total")
                  .Help("Events that were refused at once because the log was known to be away")
                  .Register(metrics.registry())
                  .Add({})) {
  auto& errors = prometheus::BuildCounter()
                     .Name("penstock_log_append_errors_total")
                     .Help("Appends that the log refused or did not acknowledge")
                     .Register(metrics.registry());
  for (std::size_t i = 0; i < kErrorCodes; ++i)
    append_errors[i] = &errors.Add({{"code", std::string(to_string(static_cast<ErrorCode>(i)))}});
}

LogCircuit::LogCircuit(EventLog& log, const Clock& clock, LogCircuitOptions options, Metrics& metrics)
    : log_(log), clock_(clock), options_(std::move(options)), instruments_(metrics) {}

Result<LogCircuit::Ticket> LogCircuit::enter() {
  const Timestamp now = clock_.now();
  const std::scoped_lock lock(mutex_);
  if (!outage_ && is_silent(now)) {
    begin_outage(now, {ErrorCode::timeout, Retry::unknown_outcome, "the log acknowledges nothing"});
    outage_->shown_by_appends = true;
  }
  std::uint64_t probe = 0;
  if (outage_) {
    TRY(probe, enter_outage(now));
  }
  ++waiting_;
  return Ticket{acknowledged_, probe};
}

// Seen from one append to the next: an answer needs no look at the clock for it.
bool LogCircuit::is_silent(Timestamp now) {
  const bool has_answered =
      waiting_ == 0 || std::exchange(acknowledged_seen_, acknowledged_) != acknowledged_;
  if (has_answered) silent_since_ = now;
  return now - silent_since_ >= options_.answer_deadline;
}

// The number of the probe that this append is now.
Result<std::uint64_t> LogCircuit::enter_outage(Timestamp now) {
  outage_->asked = true;
  if (const auto& probe = outage_->probe) {
    // One that is not answered in time is given up: the log owes an answer, but nothing here may wait for
    // ever.
    const auto age = now - probe->since;
    if (age >= Milliseconds{0} && age < options_.answer_deadline) {
      ++outage_->refused;
      instruments_.refused.Increment();
      return Error{ErrorCode::unavailable, Retry::safe, "the log is away"};
    }
  }
  outage_->probe = Probe{++last_probe_, now};
  return last_probe_;
}

void LogCircuit::settle(const Ticket& ticket, const Error* error) {
  if (error != nullptr) instruments_.append_errors[static_cast<std::size_t>(error->code)]->Increment();
  const std::scoped_lock lock(mutex_);
  --waiting_;
  if (error == nullptr) {
    ++acknowledged_;
    if (outage_) end_outage(clock_.now());
    return;
  }
  if (means_away(error->code) && ticket.acknowledged == acknowledged_) {
    if (!outage_) begin_outage(clock_.now(), *error);
    outage_->shown_by_appends = true;
  }
  if (outage_ && outage_->probe && outage_->probe->number == ticket.probe) outage_->probe.reset();
}

Status LogCircuit::ready(const std::vector<std::string>& topics) {
  std::uint64_t acknowledged_before = 0;
  {
    const std::scoped_lock lock(mutex_);
    acknowledged_before = acknowledged_;
  }
  Status answer = log_.ready(topics);
  const std::scoped_lock lock(mutex_);
  if (!answer) {
    if (means_away(answer.error().code) && acknowledged_before == acknowledged_ && !outage_)
      begin_outage(clock_.now(), answer.error());
  } else if (outage_ && (!outage_->shown_by_appends || !std::exchange(outage_->asked, false))) {
    end_outage(clock_.now());
  }
  return answer;
}

void LogCircuit::begin_outage(Timestamp now, const Error& error) {
  outage_ = Outage{.since = now};
  instruments_.away.Set(1);
  outage_->said = lines_.admit(now).has_value();
  if (!outage_->said) return;
  log::error("log unavailable", {{"code", to_string(error.code)},
                                 {"detail", error.detail},
                                 {"address", options_.address},
                                 {"answer", "503 at once until it is back"}});
}

void LogCircuit::end_outage(Timestamp now) {
  const Outage over = *std::exchange(outage_, std::nullopt);
  instruments_.away.Set(0);
  if (!over.said) return;
  const auto away = std::chrono::floor<std::chrono::seconds>(now - over.since);
  log::info("log available again",
            {{"address", options_.address}, {"away_s", away.count()}, {"refused", over.refused}});
}

}  // namespace penstock
