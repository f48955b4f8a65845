// Changes settings: in the store, with a row of the audit in the same transaction, and then in the log, from which every
// process has them. What workers need of a setting to decide about events, and cannot open it for, is a row of that
// transaction too: that an app is there and enabled (RegisteredApp).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/crypto/sealer.h"
#include "common/ports/clock.h"
#include "common/ports/event_sink.h"
#include "common/ports/store.h"
#include "common/registry/table.h"
#include "workers/domain/state/setting_rows.h"

namespace penstock {

// All must outlive what is given them.
struct SettingPorts {
  Store& store;
  EventSink& log;
  const crypto::Sealer& sealer;
  const registry::Table& table;  // this process's, which follows the log
  const Clock& clock;
  Milliseconds publish_deadline{10'000};
  Milliseconds apply_deadline{1'000};  // for this process's table to have what was published
};

// Who changes what, for the audit.
struct SettingChange {
  std::string key;  // registry::make_key()
  std::string who;
  std::string action;   // "put", "delete"; empty: it is audited elsewhere
  std::string subject;  // as an operator would name it: "/v1/partners/acme"
  std::string detail;   // JSON without a secret
};

// Whose it is; the default org's where its kind says nothing of orgs, or when it is deleted.
std::string org_of(const registry::Setting& setting);

// "partner@o1": SettingRow::listed_under.
std::string list_name(std::string_view kind, std::string_view org);

// The functions below block. Errors are the store's, and those of Sealer::open().

// nullopt: there is none, or no longer.
struct StoredSetting {
  registry::Values value;
  RowStamp stamp;
};
Result<std::optional<StoredSetting>> read_setting(const SettingPorts& ports, const std::string& key);

// What becomes of a setting, given what it is; nullopt deletes it. An error is handed on and nothing changes. One that is
// damaged in the store counts as none.
using NextValue =
    std::function<Result<std::optional<registry::Values>>(const std::optional<registry::Values>& now)>;

// Stores and audits the change: the whole of it, or nothing. Of two at once the later one holds as a whole.
Result<registry::Revision> store_setting(const SettingPorts& ports, const SettingChange& change,
                                         const NextValue& next);

// Stores the setting as the log has it, unless the store's is as late.
Status take_setting(const SettingPorts& ports, const std::string& key, const registry::Setting& later);

// Writes those rows for workers that the setting lacks, as it does when it was stored before there were any.
Status mend_rows_for_deciding(const SettingPorts& ports, const std::string& key);

// Stores the setting as it is, under the first master key.
Status seal_anew(const SettingPorts& ports, const std::string& key);

// Tells the log what the store says of the setting, whatever the caller has changed. Errors also as
// append_and_wait()'s; the publisher (setting_publisher.h) tries again then.
Status publish_setting(const SettingPorts& ports, const std::string& key);
Status publish_settings(const SettingPorts& ports, const std::vector<std::string>& keys);

}  // namespace penstock
