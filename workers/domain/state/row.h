// What rows begin with, and the parts that rows, facts and views are made of.
//
// What an event says of an object is one struct, its attributes: the facts hold it (FactsOf::said), the row and
// the view derive from it. So an attribute has one line, and is taken as a whole:
//   part<PayoutAttributes>(row) = facts.said;
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <type_traits>

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

// A row of any scope.
struct ScopedRow : PlatformRow {
  std::optional<std::string> account;
  bool operator==(const ScopedRow&) const = default;
};
BOOST_DESCRIBE_STRUCT(ScopedRow, (PlatformRow), (account))

template <class R>
concept Scoped = std::derived_from<R, ScopedRow>;

inline Scope scope_of(const PlatformRow& row) { return {row.livemode, {}}; }
inline Scope scope_of(const ScopedRow& row) { return {row.livemode, row.account}; }

// A row of which nothing is known yet.
template <std::derived_from<PlatformRow> R>
R make_row(const Scope& scope, const std::string& id) {
  R row;
  row.key = scope.key(id);
  row.id = id;
  row.livemode = scope.livemode;
  if constexpr (Scoped<R>) row.account = scope.account;
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
