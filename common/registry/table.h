// The settings in memory: looked up by every request, changed by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "common/core/time.h"
#include "common/registry/values.h"
#include "common/tables/published.h"
#include "common/tables/sharded_map.h"

namespace penstock::registry {

enum class State : std::uint8_t {
  there,
  deleted,
  unreadable,  // this process could not open it: whoever asks for it must say "not now"
  damaged,     // nobody could, so it says nothing where something is known; elsewhere it is unreadable
};

// What is known of one setting.
template <class Value>
struct Entry {
  Revision revision;
  State state = State::there;
  std::shared_ptr<const Value> value;  // of one that is there
};

// What a setting has come to.
struct Change {
  std::string key;
  State state = State::there;
  Setting setting;
};

// All settings at one moment. Immutable.
class Snapshot {
 public:
  // nullptr: there is none, or no longer. The id is that of values.h ("acme"). Holds as long as the snapshot.
  template <class Value>
  const Entry<Value>* find(std::string_view id) const noexcept;

  // The revision of a setting of that key, deleted ones included; nullopt: nothing is known of it.
  std::optional<Revision> revision_of(std::string_view key) const noexcept;

  // All that is known of it. Errors: not_found, corrupt (it could not be opened).
  Result<Setting> setting_of(std::string_view key) const;

  // Whether all settings of some moment have been told. Before that, what is not there may only not be known yet.
  bool filled() const noexcept { return filled_; }

  // Those that are there.
  std::size_t size() const noexcept;
  // Calls visit(id, entry) for every setting, deleted ones included.
  template <class Visit>
  void for_each(Visit&& visit) const;
  // Calls visit(key) for every setting, deleted ones included.
  template <class Visit>
  void for_each_key(Visit&& visit) const {
    for_each([&]<class Value>(const std::string& id, const Entry<Value>&) { visit(make_key<Value>(id)); });
  }

 private:
  friend class Table;
  friend class Draft;
  template <class>
  struct MapsOf;
  template <class... Value>
  struct MapsOf<std::variant<Value...>> {
    using Type = std::tuple<ShardedMap<Entry<Value>>...>;
    using Edits = std::tuple<typename ShardedMap<Entry<Value>>::Edit...>;
  };
  template <class Value>
  const ShardedMap<Entry<Value>>& map() const noexcept {
    return std::get<ShardedMap<Entry<Value>>>(kinds_);
  }

  MapsOf<Values>::Type kinds_;
  bool filled_ = false;
};

// A snapshot in the making.
class Draft {
 public:
  // Of nothing.
  Draft();
  // Of another one.
  explicit Draft(const Snapshot& from);

  // Makes the change, unless what is known is right: an entry of a later revision, or any at all where the change is damaged.
  void make(Change change);
  // What was there before and has not been told: nobody can say whether it still is. How many there are.
  std::size_t keep_lost(const Snapshot& before);

 private:
  friend class Table;
  template <class Value>
  bool make_in(Change& change);
  template <class Value>
  typename ShardedMap<Entry<Value>>::Shard& shard_of(std::string_view id) {
    return std::get<typename ShardedMap<Entry<Value>>::Edit>(edits_).shard_of(id);
  }

  std::shared_ptr<Snapshot> next_;
  Snapshot::MapsOf<Values>::Edits edits_;
  std::set<std::string> misled_;
};

// current() may be called from any thread; changes are made by one at a time.
class Table {
 public:
  // The settings now, as Published::current().
  const Snapshot& current() const { return published_.current(); }

  // Makes the changes, as Draft::make() does.
  void apply(std::vector<Change> changes);
  // Makes these all that there is.
  void replace(std::vector<Change> settings);
  void replace_with(Draft settings);

  // The settings of which the last that was told is not what holds: told out of order, told again by somebody, or nothing that
  // can be opened. Whoever is told of them from now on is misled.
  std::vector<std::string> misled() const;

  // Whether a setting is at that revision, or a later one, by the deadline. Blocks.
  bool wait_for(std::string_view key, Revision revision, Milliseconds deadline) const;

 private:
  mutable std::mutex mutex_;  // of misled_
  std::set<std::string> misled_;
  Published<Snapshot> published_;
};

template <class Value>
const Entry<Value>* Snapshot::find(std::string_view id) const noexcept {
  const auto* entry = map<Value>().find(id);
  return entry == nullptr || entry->state == State::deleted ? nullptr : entry;
}

template <class Visit>
void Snapshot::for_each(Visit&& visit) const {
  std::apply([&](const auto&... kinds) { (kinds.for_each(visit), ...); }, kinds_);
}

}  // namespace penstock::registry
