#include "ingress/intake/log_health.h"

#include <utility>

#include "common/observe/log.h"

namespace penstock {
namespace {

const Error kSilence{ErrorCode::timeout, "the log acknowledges nothing"};

}  // namespace

bool means_away(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
    case ErrorCode::fenced:
    case ErrorCode::corrupt:
    case ErrorCode::internal:
      return true;
    case ErrorCode::overloaded:
    case ErrorCode::conflict:
    case ErrorCode::invalid:
    case ErrorCode::not_found:
    case ErrorCode::wrong_schema:
      return false;
  }
  return false;
}

LogHealth::Instruments::Instruments(Metrics& metrics)
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

LogHealth::LogHealth(const Clock& clock, LogCircuitOptions options, Metrics& metrics)
    : clock_(clock), options_(std::move(options)), instruments_(metrics) {}

Result<LogHealth::Ticket> LogHealth::enter() {
  const Moment now = clock_.uptime();
  const std::scoped_lock lock(mutex_);
  if (!outage_ && is_silent(now)) show_by_appends(now, kSilence);
  std::uint64_t probe = 0;
  if (outage_) {
    TRY(probe, enter_outage(now));
  }
  ++waiting_;
  return Ticket{acknowledged_, probe};
}

// Seen from one append to the next: an answer needs no look at the clock for it.
bool LogHealth::is_silent(Moment now) {
  const bool has_answered =
      waiting_ == 0 || std::exchange(acknowledged_seen_, acknowledged_) != acknowledged_;
  if (has_answered) silent_since_ = now;
  return now - silent_since_ >= options_.answer_deadline;
}

// The number of the probe that this append is now.
Result<std::uint64_t> LogHealth::enter_outage(Moment now) {
  say_outage();
  give_up_late_probe(now);
  outage_->asked_at = now;
  if (outage_->probe) {
    ++outage_->refused;
    instruments_.refused.Increment();
    return Error{ErrorCode::unavailable, "the log is away"};
  }
  outage_->probe = Probe{++last_probe_, now};
  return last_probe_;
}

// The log owes it an answer, but nothing here may wait for ever.
void LogHealth::give_up_late_probe(Moment now) {
  if (!outage_->probe || now - outage_->probe->since < options_.answer_deadline) return;
  outage_->probe.reset();
  show_by_appends(now, kSilence);
}

void LogHealth::settle(const Ticket& ticket, const Error* error) {
  if (error != nullptr) instruments_.append_errors[static_cast<std::size_t>(error->code)]->Increment();
  const std::scoped_lock lock(mutex_);
  --waiting_;
  if (error == nullptr) {
    ++acknowledged_;
    acknowledged_at_ = clock_.uptime();
    if (outage_) end_outage(*acknowledged_at_);
    return;
  }
  if (means_away(error->code) && ticket.acknowledged == acknowledged_)
    show_by_appends(clock_.uptime(), *error);
  if (outage_ && outage_->probe && outage_->probe->number == ticket.probe) outage_->probe.reset();
}

Milliseconds LogHealth::patience(const Ticket& ticket) const noexcept {
  return ticket.probe == 0 ? options_.answer_deadline : options_.probe_patience;
}

Status LogHealth::judge_readiness(Status said_by_log) {
  const std::scoped_lock lock(mutex_);
  const Moment now = clock_.uptime();
  if (outage_) say_outage();
  if (said_by_log) return outage_ ? judge_outage(now) : said_by_log;
  // A log that acknowledges is not away, even if one of its partitions is: that costs its own events only.
  const bool acknowledges = acknowledged_at_ && now - *acknowledged_at_ < options_.answer_deadline;
  if (means_away(said_by_log.error().code) && !acknowledges && !outage_)
    begin_outage(now, said_by_log.error());
  return said_by_log;
}

// What the log's own readiness makes of it.
Status LogHealth::judge_outage(Moment now) {
  if (!outage_->shown_by_appends) {
    end_outage(now);
    return ok();
  }
  give_up_late_probe(now);
  if (!outage_->probe && now - outage_->asked_at >= options_.trial_after) {
    outage_->on_trial = true;
    instruments_.away.Set(0);
  }
  if (outage_->on_trial) return ok();
  return Error{ErrorCode::unavailable,
               "acknowledges nothing since " + to_rfc3339(outage_->since) + ": " + outage_->error.detail};
}

void LogHealth::begin_outage(Moment now, const Error& error) {
  outage_ = Outage{.since = clock_.now(), .began = now, .error = error, .asked_at = now};
  instruments_.away.Set(1);
  say_outage();
}

void LogHealth::say_outage() {
  if (outage_->said || !lines_.admit(clock_.now())) return;
  outage_->said = true;
  log::error("log unavailable", {{"code", to_string(outage_->error.code)},
                                 {"detail", outage_->error.detail},
                                 {"address", options_.address},
                                 {"answer", "503 at once until it is back"}});
}

void LogHealth::show_by_appends(Moment now, const Error& error) {
  if (!outage_) begin_outage(now, error);
  outage_->error = error;
  outage_->asked_at = now;
  outage_->shown_by_appends = true;
  outage_->on_trial = false;
  instruments_.away.Set(1);
}

void LogHealth::end_outage(Moment now) {
  const Outage over = *std::exchange(outage_, std::nullopt);
  instruments_.away.Set(0);
  if (!over.said) return;
  const auto away = std::chrono::floor<std::chrono::seconds>(now - over.began);
  log::info("log available again",
            {{"address", options_.address}, {"away_s", away.count()}, {"refused", over.refused}});
}

}  // namespace penstock
