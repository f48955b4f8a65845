#include "ingress/admin/settings/reseal.h"

#include "common/crypto/crypto.h"
#include "common/json/writer.h"
#include "common/observe/log.h"
#include "common/registry/sealed.h"

namespace penstock {
namespace {

constexpr std::size_t kPageRows = 500;

Status audit(const SettingPorts& ports, const Resealed& resealed) {
  json::Writer detail;
  detail.begin_object().key("settings").integer(static_cast<std::int64_t>(resealed.settings));
  detail.key("changed").integer(static_cast<std::int64_t>(resealed.changed)).end_object();
  const Timestamp now = ports.clock.now();
  const AuditRow row{crypto::uuid_v7(now), now, "root", "reseal", "/settings", std::move(detail).text()};
  TRY(auto transaction, ports.store.begin());
  const TableRows changes[] = {added(row)};
  return transaction->commit(changes);
}

Status reseal(const SettingPorts& ports, const SettingRow& row, Resealed& resealed) {
  ++resealed.settings;
  if (!registry::open_setting(ports.sealer, row.key, row.sealed)) {
    log::error("setting cannot be opened, left as it is", {{"setting", row.key}});
    ++resealed.unreadable;
    return ok();
  }
  if (!ports.sealer.is_sealed_by_first(row.sealed)) {
    TRY_STATUS(seal_anew(ports, row.key));
    ++resealed.changed;
  }
  return publish_setting(ports, row.key);
}

}  // namespace

Result<Resealed> reseal_settings(const SettingPorts& ports) {
  Resealed resealed;
  ListQuery query;
  query.order = ListOrder::oldest_first;
  query.limit = kPageRows;
  for (bool more = true; more;) {
    TRY(const auto rows, ports.store.list(table_of<SettingRow>(), query));
    more = rows.size() == kPageRows;
    for (const auto& row : rows) {
      TRY(const auto setting, from_row<SettingRow>(row));
      TRY_STATUS(reseal(ports, setting, resealed));
      query.after = {row.stamp.created_at, setting.key};
    }
  }
  TRY_STATUS(audit(ports, resealed));
  return resealed;
}

}  // namespace penstock
