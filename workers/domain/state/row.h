// What rows begin with, and the parts that rows, facts and views are made of.
//
// What an event says of an object is one struct, its attributes: the facts hold it (FactsOf::said), the row and
// the view derive from it. So an attribute has one line, and is taken as a whole:
//   part<PayoutAttributes>(row) = facts.said;
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "common/core/check.h"
#include "common/core/describe.h"
#include "workers/domain/event/event.h"

namespace penstock {

// A row of the platform's scope, one of each mode.
struct PlatformRow {
  std::string key;  // of the scope, for the id
  std::string id;
  bool livemode = false;
  bool operator==(const PlatformRow&) const = default;
};
BOOST_DESCRIBE_STRUCT(PlatformRow, (), (key, id, livemode))

// A row of the platform or one of its connected accounts.
struct ScopedRow : PlatformRow {
  std::optional<std::string> account;
  bool operator==(const ScopedRow&) const = default;
};
BOOST_DESCRIBE_STRUCT(ScopedRow, (PlatformRow), (account))

// What a row has besides when other orgs than the default one have such rows, too.
struct OfOrg {
  std::optional<std::string> org;  // none is the default one
  bool operator==(const OfOrg&) const = default;
};
BOOST_DESCRIBE_STRUCT(OfOrg, (), (org))

// How lists of such rows tell the default org's, word for word as the indexes do; another's are found by `org`.
inline constexpr std::string_view kOfDefaultOrg = "org IS NULL";

// A row of any org.
struct OrgRow : PlatformRow, OfOrg {
  bool operator==(const OrgRow&) const = default;
};
BOOST_DESCRIBE_STRUCT(OrgRow, (PlatformRow, OfOrg), ())

template <class R>
concept OfAccounts = std::derived_from<R, ScopedRow>;
template <class R>
concept OfOrgs = std::derived_from<R, PlatformRow> && std::derived_from<R, OfOrg>;
template <class R>
concept Scoped = OfAccounts<R> || OfOrgs<R>;

template <std::derived_from<PlatformRow> R>
Scope scope_of(const R& row) {
  Scope scope{.livemode = row.livemode};
  if constexpr (OfAccounts<R>) scope.account = row.account;
  if constexpr (OfOrgs<R>) scope.org = row.org;
  return scope;
}

// A row of which nothing is known yet. Its kind must have rows of the scope's org.
template <std::derived_from<PlatformRow> R>
R make_row(const Scope& scope, const std::string& id) {
  R row;
  row.key = scope.key(id);
  row.id = id;
  row.livemode = scope.livemode;
  if constexpr (OfAccounts<R>) row.account = scope.account;
  if constexpr (OfOrgs<R>)
    row.org = scope.org;
  else
    CHECK(!scope.org);
  return row;
}

// What views of an object begin with.
struct ObjectId {
  std::string id;
  bool operator==(const ObjectId&) const = default;
};
BOOST_DESCRIBE_STRUCT(ObjectId, (), (id))

template <class Part>
Part& part(std::type_identity_t<Part>& whole) noexcept {
  return whole;
}
template <class Part>
const Part& part(const std::type_identity_t<Part>& whole) noexcept {
  return whole;
}

// What an event says of an object.
template <class Attributes>
struct FactsOf {
  EventMeta meta;
  std::string id;         // the object's
  std::int64_t rank = 0;  // of the event among those of one second
  Attributes said;

  EventVersion version() const { return meta.version(rank); }
};

}  // namespace penstock
