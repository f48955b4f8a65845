// The rows a batch works on, as far as they have been loaded, and what deciding
// about an event changes in them.
//
// View is the domain's whole knowledge of the past. Deciding reads it and answers Effects;
// only apply() changes it. Looking at a row that nobody loaded is a bug and aborts: the
// event's reads() must name it first.
#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "common/core/check.h"
#include "workers/domain/state/tables.h"

namespace penstock {

template <class R>
struct TypedKeys {
  std::vector<std::string> keys;  // may repeat
};
template <class R>
struct TypedRows {
  std::vector<R> rows;
};

class View;

// Keys that an event's decision will look at and that are not loaded yet.
class Reads {
 public:
  explicit Reads(const View& view) : view_(view) {}

  template <class R>
  void want(const std::string& key);
  template <class R>
  void want(const Scope& scope, const std::optional<std::string>& id) {
    if (id) want<R>(scope.key(*id));
  }

  bool empty() const;
  // Of each table its keys, sorted, each once. They are taken out.
  std::vector<TableKeys> by_table() &&;

 private:
  const View& view_;
  StateTables<TypedKeys> wanted_;
};

struct Effects {
  Outcome outcome = Outcome::ignored;
  std::optional<std::string> reason;
  std::vector<TouchedRow> touched;  // sorted, each once

  StateTables<TypedRows> changed;
  AddedTables<TypedRows> added;

  // The row's new value; replaces an earlier one of the same key in these effects.
  template <class R>
  void put(R row);
  template <class R>
  void add(R row);
  void touch(std::string_view resource, const std::string& id);
};

class View {
 public:
  template <class R>
  bool loaded(const std::string& key) const {
    return slots<R>().contains(key);
  }

  // The row, or nullptr when there is none in the store. It must have been loaded.
  template <class R>
  const R* find(const std::string& key) const {
    const auto slot = slots<R>().find(key);
    CHECK(slot != slots<R>().end());
    return slot->second.row ? &*slot->second.row : nullptr;
  }
  template <class R>
  const R* find(const Scope& scope, const std::optional<std::string>& id) const {
    return id ? find<R>(scope.key(*id)) : nullptr;
  }
  // A copy of the row, or a new one of that id.
  template <class R>
  R get_or_new(const Scope& scope, const std::string& id) const {
    const std::string key = scope.key(id);
    const R* known = find<R>(key);
    return known != nullptr ? *known : make_row<R>(scope, id);
  }

  // Takes what the store answered for these keys (the absent ones included). Errors: corrupt, naming the row.
  Status take(const std::vector<TableKeys>& asked, const std::vector<TableRows>& answered);

  // Makes the effects of one event part of what the next one sees, and of what changes() writes.
  void apply(Effects effects, const EventKey& event);

  // All rows changed or added since construction, stamped: ready for StoreBatch::commit. Rows
  // of one payment are stamped alike with when it was first heard of, so that a list has one
  // order whichever of them it goes by.
  std::vector<TableRows> changes(Timestamp now) const;

 private:
  struct SlotBase {
    std::int64_t rev = 0;
    RowStamp stamp;
    std::optional<EventKey> changed_by;
  };
  template <class R>
  struct Slot : SlotBase {
    std::optional<R> row;
  };
  template <class R>
  struct Slots {
    std::unordered_map<std::string, Slot<R>> by_key;
  };
  template <class R>
  const std::unordered_map<std::string, Slot<R>>& slots() const {
    return std::get<Slots<R>>(state_).by_key;
  }
  // When the stored row was added; `otherwise` where none is known.
  template <class R>
  Timestamp added_at(const std::string& key, Timestamp otherwise) const;
  Timestamp intent_heard_of(const std::string& key, Timestamp now) const;
  template <class R>
  Timestamp heard_of(const R& row, Timestamp now) const;

  StateTables<Slots> state_;
  AddedTables<TypedRows> added_;
};

template <class R>
void Reads::want(const std::string& key) {
  if (!view_.loaded<R>(key)) std::get<TypedKeys<R>>(wanted_).keys.push_back(key);
}

template <class R>
void Effects::put(R row) {
  if constexpr (!TableName<R>::traits.resource.empty()) touch(TableName<R>::traits.resource, row.id);
  auto& rows = std::get<TypedRows<R>>(changed).rows;
  for (auto& known : rows) {
    if (row_key(known) != row_key(row)) continue;
    known = std::move(row);
    return;
  }
  rows.push_back(std::move(row));
}

template <class R>
void Effects::add(R row) {
  if constexpr (!TableName<R>::traits.resource.empty()) touch(TableName<R>::traits.resource, row.id);
  std::get<TypedRows<R>>(added).rows.push_back(std::move(row));
}

}  // namespace penstock
