#include "workers/settings/setting_writer.h"

#include <algorithm>

#include "common/core/org.h"
#include "common/crypto/crypto.h"
#include "common/ports/append_and_wait.h"
#include "common/registry/sealed.h"
#include "workers/domain/state/payment_rows.h"

namespace penstock {
namespace {

constexpr int kConflictTriesMax = 10;

struct LoadedSetting {
  SettingRow row;
  registry::Setting setting;  // revision 0: there has been none, or it is damaged
  std::int64_t rev = 0;
  RowStamp stamp;
};

Result<LoadedSetting> loaded(const SettingPorts& ports, const std::string& key,
                             const std::vector<Row>& rows) {
  LoadedSetting loaded;
  loaded.row.key = key;
  if (rows.empty()) return loaded;
  TRY(loaded.row, from_row<SettingRow>(rows.front()));
  loaded.rev = rows.front().rev;
  loaded.stamp = rows.front().stamp;
  auto opened = registry::open_setting(ports.sealer, key, loaded.row.sealed);
  // What is damaged may be replaced, by an operator or by the log. What is sealed under a key that this process lacks
  // may be well: it is left alone.
  if (!opened && opened.error().code != ErrorCode::corrupt) return opened.error();
  if (opened) loaded.setting = std::move(opened).value();
  return loaded;
}

// Later than the last one, also where another copy of the store went on, or a clock goes back.
registry::Revision next_revision(const registry::Setting& last, Timestamp now) {
  return {std::max(last.revision.value + 1, to_unix_ms(now))};
}

const std::string& key_prefix_of_apps() {
  static const std::string prefix = registry::make_key<registry::App>({});
  return prefix;
}
bool is_app(const std::string& key) { return key.starts_with(key_prefix_of_apps()); }

// The app that the setting is about, as deciding about payments knows it; nullopt for any other setting.
std::optional<RegisteredApp> app_of(const std::string& key, const registry::Setting& setting) {
  if (!is_app(key)) return std::nullopt;
  const auto* app = setting.value ? std::get_if<registry::App>(&*setting.value) : nullptr;
  return RegisteredApp{key.substr(key_prefix_of_apps().size()), app != nullptr && app->enabled};
}

// The rows that are written with a setting for those who cannot open it, as far as they change.
Result<std::vector<TableRows>> rows_for_deciding(StoreBatch& transaction, const SettingChange& change,
                                                 const registry::Setting& setting, Timestamp now) {
  const auto app = app_of(change.key, setting);
  if (!app) return std::vector<TableRows>{};
  const TableKeys wanted[] = {{&table_of<RegisteredApp>(), {app->id}}};
  TRY(const auto answered, transaction.load(wanted));
  const auto& rows = answered.front().rows;
  Row row{to_cells(*app), 0, {now, now, change.who}};
  if (!rows.empty()) {
    TRY(const auto known, from_row<RegisteredApp>(rows.front()));
    if (known == *app) return std::vector<TableRows>{};
    row.rev = rows.front().rev;
    row.stamp.created_at = rows.front().stamp.created_at;
  }
  return std::vector<TableRows>{{&table_of<RegisteredApp>(), {std::move(row)}}};
}

AuditRow audit_of(const SettingChange& change, Timestamp now) {
  return {crypto::uuid_v7(now), now, change.who, change.action, change.subject, change.detail};
}

// What a setting is to become, given what it is; nullopt leaves it.
using NextSetting = std::function<Result<std::optional<registry::Setting>>(const registry::Setting& now)>;

Result<registry::Setting> replace_once(const SettingPorts& ports, const SettingChange& change,
                                       const NextSetting& next) {
  TRY(auto transaction, ports.store.begin());
  const TableKeys wanted[] = {{&table_of<SettingRow>(), {change.key}}};
  TRY(const auto answered, transaction->load(wanted));
  TRY(auto known, loaded(ports, change.key, answered.front().rows));
  TRY(const auto setting, next(known.setting));
  if (!setting) return std::move(known.setting);
  if (setting->value || known.rev == 0)
    known.row.listed_under = list_name(change.key.substr(0, change.key.find('/')), org_of(*setting));
  known.row.deleted = !setting->value;
  known.row.sealed = registry::seal_setting(ports.sealer, change.key, *setting);
  const Timestamp now = ports.clock.now();
  const Timestamp created = known.rev == 0 ? now : known.stamp.created_at;
  TRY(auto changes, rows_for_deciding(*transaction, change, *setting, now));
  changes.push_back(
      {&table_of<SettingRow>(), {{to_cells(known.row), known.rev, {created, now, change.who}}}});
  if (!change.action.empty()) changes.push_back(added(audit_of(change, now)));
  TRY_STATUS(transaction->commit(changes));
  return *setting;
}

template <class Once>
auto unless_conflict(const Once& once) {
  auto written = once();
  for (int tries = 1; !written && written.error().code == ErrorCode::conflict && tries < kConflictTriesMax;
       ++tries)
    written = once();
  return written;
}

Result<registry::Setting> replace(const SettingPorts& ports, const SettingChange& change,
                                  const NextSetting& next) {
  return unless_conflict([&] { return replace_once(ports, change, next); });
}

// A setting that cannot be opened says nothing of what its rows are to be.
Status mend_once(const SettingPorts& ports, const SettingChange& mending) {
  TRY(auto transaction, ports.store.begin());
  const TableKeys wanted[] = {{&table_of<SettingRow>(), {mending.key}}};
  TRY(const auto answered, transaction->load(wanted));
  if (answered.front().rows.empty()) return ok();
  TRY(const auto row, from_row<SettingRow>(answered.front().rows.front()));
  const auto setting = registry::open_setting(ports.sealer, row.key, row.sealed);
  if (!setting) return ok();
  TRY(const auto changes, rows_for_deciding(*transaction, mending, setting.value(), ports.clock.now()));
  if (changes.empty()) return ok();
  return transaction->commit(changes);
}

}  // namespace

std::string org_of(const registry::Setting& setting) {
  if (!setting.value) return std::string(kDefaultOrg);
  return std::visit(
      [](const auto& known) {
        if constexpr (requires { known.org; })
          return known.org;
        else
          return std::string(kDefaultOrg);
      },
      *setting.value);
}

std::string list_name(std::string_view kind, std::string_view org) {
  return std::string(kind).append("@").append(org);
}

Result<std::optional<StoredSetting>> read_setting(const SettingPorts& ports, const std::string& key) {
  TRY(const auto rows, ports.store.read(table_of<SettingRow>(), std::vector{key}));
  TRY(auto known, loaded(ports, key, rows));
  if (!known.setting.value) return std::optional<StoredSetting>();
  return std::optional(StoredSetting{*std::move(known.setting.value), std::move(known.stamp)});
}

Result<registry::Revision> store_setting(const SettingPorts& ports, const SettingChange& change,
                                         const NextValue& next) {
  TRY(const auto written,
      replace(ports, change, [&](const registry::Setting& now) -> Result<std::optional<registry::Setting>> {
        TRY(auto value, next(now.value));
        return std::optional(registry::Setting{next_revision(now, ports.clock.now()), std::move(value)});
      }));
  return written.revision;
}

Status take_setting(const SettingPorts& ports, const std::string& key, const registry::Setting& later) {
  const SettingChange change{key, "penstock", "restore", key, "{}"};
  TRY_STATUS(
      replace(ports, change, [&](const registry::Setting& now) -> Result<std::optional<registry::Setting>> {
        if (now.revision >= later.revision) return std::optional<registry::Setting>();
        return std::optional(later);
      }));
  return ok();
}

Status mend_rows_for_deciding(const SettingPorts& ports, const std::string& key) {
  if (!is_app(key)) return ok();
  const SettingChange mending{key, "penstock", {}, {}, {}};
  return unless_conflict([&] { return mend_once(ports, mending); });
}

Status seal_anew(const SettingPorts& ports, const std::string& key) {
  const SettingChange unaudited{key, "reseal", {}, {}, {}};
  TRY_STATUS(
      replace(ports, unaudited, [](const registry::Setting& now) -> Result<std::optional<registry::Setting>> {
        const bool could_be_opened = now.revision > registry::Revision{};
        return could_be_opened ? std::optional(now) : std::nullopt;
      }));
  return ok();
}

Status publish_setting(const SettingPorts& ports, const std::string& key) {
  return publish_settings(ports, {key});
}

Status publish_settings(const SettingPorts& ports, const std::vector<std::string>& keys) {
  TRY(const auto rows, ports.store.read(table_of<SettingRow>(), keys));
  std::vector<SettingRow> settings;
  for (const auto& row : rows) {
    TRY(auto setting, from_row<SettingRow>(row));
    settings.push_back(std::move(setting));
  }
  const auto record = [&](std::size_t at) {
    return Record{
        std::string(registry::kSettingsTopic), settings[at].key, std::move(settings[at].sealed), {}};
  };
  return append_and_wait(ports.log, settings.size(), record, ports.publish_deadline);
}

}  // namespace penstock
