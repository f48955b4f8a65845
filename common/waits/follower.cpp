#include "common/waits/follower.h"

#include <prometheus/gauge.h>

#include "common/observe/log.h"

namespace penstock::waits {
namespace {

prometheus::Gauge& gauge(Metrics& metrics, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(metrics.registry()).Add({});
}

// One that cannot be read is of a later version, or nobody's here: its run is resumed by none of this process's events.
Change change_of(const StoredRecord& record) {
  if (record.deletion) return {record.key, std::nullopt};
  auto run = decode_waiting_run(record.value);
  if (run && run.value().run == record.key) return {record.key, std::move(run).value()};
  log::error("waiting run cannot be read", {{"run", record.key}, {"at", to_text(record.position)}});
  return {record.key, std::nullopt};
}

}  // namespace

Follower::Gauges::Gauges(Metrics& metrics)
    : age(gauge(metrics, "penstock_waits_age_seconds",
                "How long ago the log last said that the waits here are those of now")),
      runs(gauge(metrics, "penstock_waiting_runs",
                 "Runs in memory that events are compared with, those that ended of late included")) {}

Follower::Follower(LogReader& log, const Clock& clock, Metrics& metrics)
    : log_(log), clock_(clock), gauges_(metrics), contact_at_(clock.uptime()) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Status Follower::ready() const {
  if (answers_ && !table_.current().filled())
    return Error{ErrorCode::unavailable, "the runs that wait have not been read from the log yet"};
  return ok();
}

void Follower::run(const std::stop_token& stop) {
  follow(stop, log_, {std::string(kWaitsTopic)},
         {.take = [this](const TailBatch& batch) { take(batch); },
          .note_contact = [this](const Status& answered) { note_contact(answered); },
          .after_poll = [this] { show(); }});
}

void Follower::take(const TailBatch& batch) {
  auto update = told_.take(batch, change_of);
  if (!update) return;
  if (update->whole)
    table_.replace(std::move(update->changes));
  else
    table_.apply(std::move(update->changes));
}

void Follower::note_contact(const Status& answered) {
  if (answered) contact_at_ = clock_.uptime();
  if (answers_.exchange(answered.has_value()) == answered.has_value()) return;
  if (answered)
    log::info("waits follow the log again", {});
  else
    log::warn("waits do not follow the log now, what is known holds",
              {{"code", to_string(answered.error().code)}, {"detail", answered.error().detail}});
}

void Follower::show() const {
  gauges_.age.Set(static_cast<double>((clock_.uptime() - contact_at_).count()) / 1000);
  gauges_.runs.Set(static_cast<double>(table_.size()));
}

}  // namespace penstock::waits
