// One id may stand for rows of several scopes: of both modes, of the platform and of connected accounts.
// Which of them a request asks for, and which is shown when it does not say.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/stored.h"
#include "workers/domain/state/row.h"

namespace penstock::admin {

struct AskedScope {
  std::optional<bool> livemode;
  std::optional<std::string> account;

  bool takes(const Scope& scope) const {
    return (!livemode || *livemode == scope.livemode) && (!account || account == scope.account);
  }
};

// The parameters `livemode` and `account`.
inline AskedScope asked_scope(QueryReader& in) { return {in.boolean("livemode"), in.text("account")}; }

// The order of preference: live before test, the platform before its accounts.
inline bool is_shown_before(const Scope& a, const Scope& b) {
  return std::tie(b.livemode, a.account) < std::tie(a.livemode, b.account);
}

// The keys that the platform's rows of that id have.
inline std::vector<std::string> platform_keys(std::string_view id) {
  return {Scope{.livemode = true}.key(id), Scope{.livemode = false}.key(id)};
}

// The rows of that id that are asked for, in the order of preference. Blocks.
template <class R>
Result<std::vector<Stored<R>>> read_asked_rows(Store& store, const std::string& id, const AskedScope& asked) {
  TRY(auto rows, read_rows<R>(store, platform_keys(id)));
  if constexpr (Scoped<R>) {
    ListQuery of_accounts;
    of_accounts.filters = {{"id", id}};
    of_accounts.present = {"account"};
    TRY(auto more, list_rows<R>(store, of_accounts));
    std::move(more.begin(), more.end(), std::back_inserter(rows));
  }
  std::erase_if(rows, [&](const auto& each) { return !asked.takes(scope_of(each.row)); });
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return is_shown_before(scope_of(a.row), scope_of(b.row)); });
  return rows;
}

// The one that is shown.
template <class R>
Result<std::optional<Stored<R>>> read_asked(Store& store, const std::string& id, const AskedScope& asked) {
  TRY(auto rows, read_asked_rows<R>(store, id, asked));
  return rows.empty() ? std::nullopt : std::optional(std::move(rows.front()));
}

}  // namespace penstock::admin
