// The settings in memory: looked up by every request, changed by one thread.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "common/core/time.h"
#include "common/registry/values.h"

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
  Snapshot();

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
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  template <class Value>
  using Map = std::unordered_map<std::string, Entry<Value>, Hash, std::equal_to<>>;
  // A change copies the shard it is in and no other.
  static constexpr std::size_t kShards = 256;
  template <class Value>
  using Shards = std::array<std::shared_ptr<const Map<Value>>, kShards>;

  static std::size_t shard_of(std::string_view id) noexcept { return Hash{}(id) % kShards; }

  template <class>
  struct ShardsOf;
  template <class... Value>
  struct ShardsOf<std::variant<Value...>> {
    using Type = std::tuple<Shards<Value>...>;
  };
  ShardsOf<Values>::Type kinds_;
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
  Snapshot::Map<Value>& fresh(std::size_t shard);

  // Shards that are this draft's own, by number.
  template <class Value>
  struct Fresh {
    std::map<std::size_t, std::shared_ptr<Snapshot::Map<Value>>> maps;
  };
  template <class>
  struct FreshOf;
  template <class... Value>
  struct FreshOf<std::variant<Value...>> {
    using Type = std::tuple<Fresh<Value>...>;
  };

  std::shared_ptr<Snapshot> next_;
  FreshOf<Values>::Type fresh_;
  std::set<std::string> misled_;
};

// current() may be called from any thread; changes are made by one at a time.
class Table {
 public:
  Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // The settings now. Takes no lock and copies nothing unless they have changed since this thread's last call.
  // The reference holds until this thread calls current() of any table again.
  const Snapshot& current() const;

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
  template <class Mislead>
  void publish(Draft draft, Mislead&& mislead);
  std::shared_ptr<const Snapshot> latest() const;

  const std::uint64_t id_;  // no other table of this process has it
  std::atomic<std::uint64_t> version_{1};
  mutable std::mutex mutex_;  // of what follows
  mutable std::condition_variable changed_;
  std::shared_ptr<const Snapshot> latest_;
  std::set<std::string> misled_;
};

template <class Value>
const Entry<Value>* Snapshot::find(std::string_view id) const noexcept {
  const auto& map = *std::get<Shards<Value>>(kinds_)[shard_of(id)];
  const auto found = map.find(id);
  return found == map.end() || found->second.state == State::deleted ? nullptr : &found->second;
}

template <class Visit>
void Snapshot::for_each(Visit&& visit) const {
  std::apply(
      [&](const auto&... shards) {
        const auto visit_kind = [&](const auto& kind) {
          for (const auto& shard : kind)
            for (const auto& [id, entry] : *shard) visit(id, entry);
        };
        (visit_kind(shards), ...);
      },
      kinds_);
}

}  // namespace penstock::registry
