#include "common/registry/follower.h"

#include <prometheus/gauge.h>

#include <utility>

#include "common/files/files.h"
#include "common/observe/log.h"
#include "common/tables/follow.h"

namespace penstock::registry {
namespace {

// Of the time, at most so large a part is spent on copies, however large they are.
constexpr int kCopyShare = 10;

prometheus::Gauge& gauge(Metrics& metrics, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(metrics.registry()).Add({});
}

}  // namespace

Follower::Gauges::Gauges(Metrics& metrics)
    : age(gauge(metrics, "penstock_settings_age_seconds",
                "How long ago the log last said that the settings here are those of now")),
      settings(gauge(metrics, "penstock_settings", "Settings in memory")),
      unreadable(gauge(metrics, "penstock_settings_unreadable",
                       "Settings that are sealed under a key which this process does not have, or damaged")) {
}

Follower::Follower(FollowerOptions options, LogReader& log, const crypto::Sealer& sealer, Table& table,
                   const Clock& clock, Metrics& metrics)
    : options_(std::move(options)),
      log_(log),
      sealer_(sealer),
      table_(table),
      clock_(clock),
      gauges_(metrics),
      contact_at_(clock.uptime()) {
  if (!options_.copy.empty()) read_copy();
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Status Follower::ready() const {
  if (!table_.current().filled())
    return Error{ErrorCode::unavailable, "the settings have not been read from the log yet"};
  return ok();
}

std::size_t Follower::unreadable() const {
  const std::lock_guard lock(mutex_);
  return unreadable_.size();
}

void Follower::read_copy() {
  remove_leftovers(options_.copy);
  auto copied = registry::read_copy(options_.copy, options_.origin);
  if (!copied) {
    if (copied.error().code != ErrorCode::not_found)
      log::warn("copy of the settings passed over",
                {{"code", to_string(copied.error().code)}, {"detail", copied.error().detail}});
    return;
  }
  std::vector<Change> settings;
  settings.reserve(copied.value().size());
  for (auto& each : copied.value()) {
    settings.push_back(opened(each.key, each.sealed));
    each = {};  // many of them are not to be held twice
  }
  table_.replace(std::move(settings));
  log::info("settings read from the copy",
            {{"file", options_.copy.string()}, {"settings", copied.value().size()}});
}

void Follower::run(const std::stop_token& stop) {
  follow(stop, log_, {std::string(kSettingsTopic), options_.poll_wait},
         {.take = [this](const TailBatch& batch) { take(batch); },
          .note_contact = [this](const Status& answered) { note_contact(answered); },
          .after_poll =
              [this] {
                show();
                keep_copy(false);
              }});
  keep_copy(true);
}

// What the topic tells anew takes the place of everything once all of it has been told, so that nothing is missing while it
// is told.
void Follower::take(const TailBatch& batch) {
  if (batch.anew) anew_.emplace();
  std::vector<Change> changes;
  for (const auto& record : batch.records) {
    if (anew_)
      anew_->make(change_of(record));
    else
      changes.push_back(change_of(record));
  }
  const bool is_whole = anew_ && batch.present;
  if (is_whole)
    replace_all(*std::exchange(anew_, std::nullopt));
  else if (!changes.empty())
    table_.apply(std::move(changes));
  else
    return;
  if (!changed_at_) changed_at_ = clock_.uptime();
  say_unreadable();
}

// The topic keeps the last change of every setting, deletions included, so what it has lost may be there as well as not:
// nobody is let in by it, or turned away for good.
void Follower::replace_all(Draft settings) {
  if (const auto lost = settings.keep_lost(table_.current()); lost > 0)
    log::error("settings are missing from the log, they are not served until it has them again",
               {{"settings", lost}});
  table_.replace_with(std::move(settings));
}

// A deletion is a setting without a value. Nobody of ours deletes from the topic: what is not sealed says nothing.
Change Follower::change_of(const StoredRecord& record) {
  if (!record.deletion) return opened(record.key, record.value);
  const Error error{ErrorCode::corrupt, "was taken out of the topic by somebody else"};
  note_unreadable(record.key, &error);
  return {record.key, State::damaged, {}};
}

Change Follower::opened(const std::string& key, std::string_view sealed) {
  auto setting = open_setting(sealer_, key, sealed);
  note_unreadable(key, setting ? nullptr : &setting.error());
  if (!setting)
    return {key, setting.error().code == ErrorCode::corrupt ? State::damaged : State::unreadable, {}};
  const State state = setting.value().value ? State::there : State::deleted;
  return {key, state, std::move(setting).value()};
}

void Follower::note_unreadable(const std::string& key, const Error* error) {
  const std::lock_guard lock(mutex_);
  // A kind of a later version is nobody's here.
  const bool matters = error != nullptr && error->code != ErrorCode::invalid;
  if (!matters) {
    unreadable_.erase(key);
    return;
  }
  unreadable_.insert_or_assign(key, Error{error->code, "setting " + key + ": " + error->detail});
}

// What the topic still has of before is not worth a line when a later record of its key can be opened.
void Follower::say_unreadable() {
  const std::lock_guard lock(mutex_);
  std::set<std::string> unreadable;
  for (const auto& [key, error] : unreadable_) {
    if (!said_unreadable_.contains(key))
      log::error("setting cannot be read", {{"code", to_string(error.code)}, {"detail", error.detail}});
    unreadable.insert(key);
  }
  said_unreadable_ = std::move(unreadable);
}

void Follower::note_contact(const Status& answered) {
  if (answered) contact_at_ = clock_.uptime();
  if (std::exchange(answers_, answered.has_value()) == answered.has_value()) return;
  if (answered)
    log::info("settings follow the log again", {});
  else
    log::warn("settings do not follow the log now, what is known holds",
              {{"code", to_string(answered.error().code)}, {"detail", answered.error().detail}});
}

void Follower::show() const {
  gauges_.age.Set(static_cast<double>((clock_.uptime() - contact_at_).count()) / 1000);
  gauges_.settings.Set(static_cast<double>(table_.current().size()));
  gauges_.unreadable.Set(static_cast<double>(unreadable()));
}

void Follower::keep_copy(bool even_now) {
  if (options_.copy.empty() || !changed_at_) return;
  const Milliseconds now = clock_.uptime();
  if (!even_now && now < copied_at_ + options_.copy_interval) return;
  NewCopy copy(options_.origin, table_.current().size());
  table_.current().for_each([&]<class Value>(const std::string& id, const Entry<Value>& entry) {
    if (entry.state != State::there) return;
    const std::string key = make_key<Value>(id);
    copy.add(key, seal_setting(sealer_, key, {entry.revision, *entry.value}));
  });
  const auto written = std::move(copy).write(options_.copy);
  if (written) changed_at_.reset();
  const Milliseconds took = clock_.uptime() - now;
  copied_at_ = clock_.uptime() + (kCopyShare - 1) * took;
  if (std::exchange(copies_, written.has_value()) == written.has_value()) return;
  if (written)
    log::info("copy of the settings written again", {});
  else
    log::error("copy of the settings not written, a start without the log would know older ones",
               {{"code", to_string(written.error().code)}, {"detail", written.error().detail}});
}

}  // namespace penstock::registry
