// One id may stand for rows of several scopes: of both modes, of the platform and of connected accounts, of every
// org. Which of them a request asks for, and which is shown when it does not say.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "common/core/org.h"
#include "ingress/admin/api/principal.h"
#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/stored.h"
#include "workers/domain/state/row.h"

namespace penstock::admin {

struct AskedScope {
  std::optional<bool> livemode;
  std::optional<std::string> account;
  std::optional<std::string> org = {};  // none is the default one: a request is always about one org

  bool takes(const Scope& scope) const {
    return (!livemode || *livemode == scope.livemode) && (!account || account == scope.account) &&
           org == scope.org;
  }
};

// The parameters `livemode` and `account`: of what only the default org has.
inline AskedScope asked_scope(QueryReader& in) { return {in.boolean("livemode"), in.text("account")}; }

// The org that is asked about (principal.h); none is the default one.
inline std::optional<std::string> asked_org(const Request& request) { return org_of_name(request.org); }

// The parameters `livemode` and `account`, and the org.
inline AskedScope asked_scope_of_org(const Request& request, QueryReader& in) {
  AskedScope asked = asked_scope(in);
  asked.org = asked_org(request);
  return asked;
}

// Rows of that org only.
inline void filter_by_org(const std::optional<std::string>& org, ListQuery& query) {
  query.filters.push_back({"org", org ? Cell{*org} : Cell{}});
  if (!org) query.only = kOfDefaultOrg;
}

// The order of preference: live before test, the platform before its accounts.
inline bool is_shown_before(const Scope& a, const Scope& b) {
  return std::tie(b.livemode, a.account) < std::tie(a.livemode, b.account);
}

// The keys that the org's own rows of that id have.
inline std::vector<std::string> platform_keys(std::string_view id, const std::optional<std::string>& org) {
  return {Scope{true, {}, org}.key(id), Scope{false, {}, org}.key(id)};
}

// The rows of that id that are asked for, in the order of preference. Blocks.
template <class R>
Result<std::vector<Stored<R>>> read_asked_rows(Store& store, const std::string& id, const AskedScope& asked) {
  if (!OfOrgs<R> && asked.org) return std::vector<Stored<R>>{};
  TRY(auto rows, read_rows<R>(store, platform_keys(id, asked.org)));
  if constexpr (OfAccounts<R>) {
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
