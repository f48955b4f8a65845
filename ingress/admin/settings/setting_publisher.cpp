#include "ingress/admin/settings/setting_publisher.h"

#include <algorithm>
#include <span>

#include "common/observe/log.h"
#include "common/registry/sealed.h"

namespace penstock {
namespace {

constexpr std::size_t kPageRows = 500;
// Clocks of several admins differ, and a row is stamped before it is committed.
constexpr Milliseconds kOverlap{60'000};

// The table in the order in which its rows were changed.
constexpr Table by_change() {
  Table table = table_of<SettingRow>();
  table.newest_first = "updated_at";
  table.indexes = {};
  return table;
}
constexpr Table kSettingsByChange = by_change();

}  // namespace

Status SettingPublisher::look() {
  TRY_STATUS(options_.table_is_filled());
  const Timestamp now = ports_.clock.now();
  const Milliseconds uptime = ports_.clock.uptime();
  const bool set_back = looked_at_ && now < *looked_at_;  // what was changed since then is stamped earlier
  const bool whole = !whole_at_ || set_back || uptime >= *whole_at_ + options_.whole_interval;
  unreadable_.reset();
  TRY_STATUS(tell_again(ports_.table.misled()));
  if (whole) {
    Keys stored;
    TRY_STATUS(look_since(std::nullopt, &stored));
    TRY_STATUS(look_for_unknown(stored));
    whole_at_ = uptime;
  } else {
    TRY_STATUS(look_since(*looked_at_ - kOverlap, nullptr));
  }
  looked_at_ = now;
  if (unreadable_) return *unreadable_;
  return ok();
}

Status SettingPublisher::look_since(std::optional<Timestamp> since, Keys* seen) {
  ListQuery query;
  query.since = since;
  query.order = ListOrder::oldest_first;
  query.limit = kPageRows;
  for (;;) {
    TRY(const auto rows, ports_.store.list(kSettingsByChange, query));
    for (const auto& row : rows) {
      TRY_STATUS(look_at(row));
      if (seen == nullptr) continue;
      const auto& key = std::get<std::string>(row.cells.front());
      TRY_STATUS(mend_rows_for_deciding(ports_, key));
      seen->insert(key);
    }
    if (rows.size() < kPageRows) return ok();
    query.after = {rows.back().stamp.updated_at, std::get<std::string>(rows.back().cells.front())};
  }
}

Status SettingPublisher::look_at(const Row& stored) {
  TRY(const auto row, from_row<SettingRow>(stored));
  const auto opened = registry::open_setting(ports_.sealer, row.key, row.sealed);
  if (!opened) return look_at_unreadable(row.key, opened.error());
  const auto in_log = ports_.table.current().revision_of(row.key);
  if (in_log == opened.value().revision) return ok();
  if (in_log && *in_log > opened.value().revision) return take_from_log(row.key);
  const auto age = ports_.clock.now() - stored.stamp.updated_at;  // below zero where a clock was set back
  if (age >= Milliseconds{0} && age < options_.grace) return ok();
  log::info("setting published anew", {{"setting", row.key}});
  return publish_setting(ports_, row.key);
}

// Of which the log says something else than what holds: as long as that is the store's, whoever reads the log from its start
// would not know.
Status SettingPublisher::tell_again(const std::vector<std::string>& keys) {
  for (std::size_t at = 0; at < keys.size(); at += kPageRows) {
    const auto some = std::span(keys).subspan(at, std::min(kPageRows, keys.size() - at));
    TRY(const auto rows, ports_.store.read(table_of<SettingRow>(), {some.begin(), some.end()}));
    std::vector<std::string> readable;
    for (const auto& stored : rows) {
      TRY(const auto row, from_row<SettingRow>(stored));
      if (registry::open_setting(ports_.sealer, row.key, row.sealed)) readable.push_back(row.key);
    }
    if (readable.empty()) continue;
    log::warn("settings published anew, the log said something else of them",
              {{"settings", readable.size()}});
    TRY_STATUS(publish_settings(ports_, readable));
  }
  return ok();
}

// One setting that cannot be opened keeps no other waiting. A damaged one is mended where the log has it.
Status SettingPublisher::look_at_unreadable(const std::string& key, const Error& error) {
  if (error.code == ErrorCode::corrupt && ports_.table.current().setting_of(key)) {
    log::warn("setting is damaged in the store, taken from the log", {{"setting", key}});
    return take_from_log(key);
  }
  if (!unreadable_) unreadable_ = Error{error.code, "setting " + key + ": " + error.detail};
  return ok();
}

Status SettingPublisher::take_from_log(const std::string& key) {
  const auto setting = ports_.table.current().setting_of(key);
  if (setting) return take_setting(ports_, key, setting.value());
  if (!unreadable_) unreadable_ = setting.error();
  return ok();
}

// What the log knows and the store has never heard of.
Status SettingPublisher::look_for_unknown(const Keys& stored) {
  std::vector<std::string> unknown;
  ports_.table.current().for_each_key([&](std::string key) {
    if (!stored.contains(key)) unknown.push_back(std::move(key));
  });
  for (const auto& key : unknown) {
    log::warn("setting taken into the store, which had never heard of it", {{"setting", key}});
    TRY_STATUS(take_from_log(key));
  }
  return ok();
}

SettingUpkeep::SettingUpkeep(SettingPublisherOptions options, const SettingPorts& ports)
    : publisher_(std::move(options), ports), periodic_(publisher_.interval(), [this] { work(); }) {}

void SettingUpkeep::work() {
  const auto looked = publisher_.look();
  if (std::exchange(failing_, !looked) == !looked) return;
  if (looked)
    log::info("settings of store and log are compared again", {});
  else
    log::warn("settings of store and log cannot be compared now",
              {{"code", to_string(looked.error().code)}, {"detail", looked.error().detail}});
}

}  // namespace penstock
