// The rows a batch works on, as far as they have been loaded, and what deciding
// about an event changes in them.
//
// View is the domain's whole knowledge of the past. Deciding reads it and answers Effects;
// only apply() changes it. Looking at a row that nobody loaded is a bug and aborts: the
// event's reads() must name it first.
#pragma once

#include <algorithm>
#include <functional>
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

// Rows by key, found by scope and id without making the key. So what is hashed of a key is its id. The hash may throw as
// far as the table knows, which keeps it beside each row then.
struct ScopedId {
  const Scope& scope;
  std::string_view id;
};
struct HashOfKey {
  using is_transparent = void;
  std::size_t operator()(const std::string& key) const { return hash(id_in_key(key)); }
  std::size_t operator()(const ScopedId& key) const { return hash(key.id); }

 private:
  static std::size_t hash(std::string_view id) { return std::hash<std::string_view>()(id); }
};
struct SameKey {
  using is_transparent = void;
  bool operator()(const std::string& a, const std::string& b) const noexcept { return a == b; }
  bool operator()(const ScopedId& a, const std::string& b) const noexcept {
    return a.scope.is_key_of(a.id, b);
  }
};

// Keys that an event's decision will look at and that are not loaded yet.
class Reads {
 public:
  explicit Reads(const View& view) : view_(view) {}

  template <class R>
  void want(const std::string& key);
  template <class R>
  void want(const Scope& scope, const std::string& id);
  template <class R>
  void want(const Scope& scope, const std::optional<std::string>& id) {
    if (id) want<R>(scope, *id);
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
  template <class R>
  bool loaded(const Scope& scope, const std::string& id) const {
    return slots<R>().contains(ScopedId{scope, id});
  }

  // The row, or nullptr when there is none in the store. It must have been loaded.
  template <class R>
  const R* find(const std::string& key) const {
    return row_in<R>(slots<R>().find(key));
  }
  template <class R>
  const R* find(const Scope& scope, const std::string& id) const {
    return row_in<R>(slots<R>().find(ScopedId{scope, id}));
  }
  template <class R>
  const R* find(const Scope& scope, const std::optional<std::string>& id) const {
    return id ? find<R>(scope, *id) : nullptr;
  }
  // A copy of the row, or a new one of that id.
  template <class R>
  R get_or_new(const Scope& scope, const std::string& id) const {
    const R* known = find<R>(scope, id);
    return known != nullptr ? *known : make_row<R>(scope, id);
  }

  // Rows that were looked at. What was concluded from them alone holds until one of them is changed.
  class Looks;
  // Adds to them each row that is found from now on, until told otherwise by nullptr.
  void note_looks(Looks* looks) noexcept { looks_ = looks; }

  // Takes what the store answered for these keys (the absent ones included). Errors: corrupt, naming the row.
  Status take(std::vector<TableKeys> asked, const std::vector<TableRows>& answered);

  // Makes the effects of one event part of what the next one sees, and of what write_changes() gives.
  void apply(Effects effects, const EventKey& event);

  // All rows changed or added since construction, stamped, table by table, as StoreBatch::write takes them; ends with its
  // first error. They are taken out. Rows of one payment are stamped alike with when it was first heard of, so that a
  // list has one order whichever of them it goes by.
  Status write_changes(Timestamp now, const std::function<Status(const TableRows&)>& write) &&;

 private:
  struct SlotBase {
    std::int64_t rev = 0;
    RowStamp stamp;
    std::size_t changed_by = 0;  // counted in events_ from 1; 0: nothing changed it
  };
  template <class R>
  struct Slot : SlotBase {
    std::optional<R> row;
  };
  template <class R>
  using SlotMap = std::unordered_map<std::string, Slot<R>, HashOfKey, SameKey>;
  template <class R>
  struct Slots {
    SlotMap<R> by_key;
  };
  template <class R>
  const SlotMap<R>& slots() const {
    return std::get<Slots<R>>(state_).by_key;
  }
  template <class R>
  const R* row_in(typename SlotMap<R>::const_iterator slot) const;
  // When the stored row was added; `otherwise` where none is known.
  template <class R>
  Timestamp added_at(const Scope& scope, const std::string& id, Timestamp otherwise) const;
  Timestamp intent_heard_of(const Scope& scope, const std::string& id, Timestamp now) const;
  template <class R>
  Timestamp heard_of(const R& row, Timestamp now) const;

  StateTables<Slots> state_;
  AddedTables<TypedRows> added_;
  std::vector<std::string> events_;  // that were applied
  Looks* looks_ = nullptr;
};

// Of a view, and valid as long as it is.
class View::Looks {
 public:
  void clear() noexcept { slots_.clear(); }
  bool any_changed() const noexcept {
    return std::any_of(slots_.begin(), slots_.end(),
                       [](const SlotBase* slot) { return slot->changed_by != 0; });
  }

 private:
  friend View;
  void add(const SlotBase& slot) { slots_.push_back(&slot); }
  std::vector<const SlotBase*> slots_;
};

template <class R>
const R* View::row_in(typename SlotMap<R>::const_iterator slot) const {
  CHECK(slot != slots<R>().end());
  if (looks_ != nullptr) looks_->add(slot->second);
  return slot->second.row ? &*slot->second.row : nullptr;
}

template <class R>
void Reads::want(const std::string& key) {
  if (!view_.loaded<R>(key)) std::get<TypedKeys<R>>(wanted_).keys.push_back(key);
}

template <class R>
void Reads::want(const Scope& scope, const std::string& id) {
  if (!view_.loaded<R>(scope, id)) std::get<TypedKeys<R>>(wanted_).keys.push_back(scope.key(id));
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
