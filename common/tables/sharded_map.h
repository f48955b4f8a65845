// A map that is cheap to copy with few changes: snapshots share what they have in common.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace penstock {

template <class Value>
class ShardedMap {
 public:
  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;  // every bit of it depends on the whole text
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  // Of one that is looked up little of memory is touched, which is cold where there are many. Changing it moves its values.
  using Shard = boost::unordered_flat_map<std::string, Value, Hash, std::equal_to<>>;

  ShardedMap() { shards_.fill(std::make_shared<const Shard>()); }

  // nullptr: there is none. Holds until the map is changed.
  const Value* find(std::string_view key) const noexcept {
    const Shard& shard = *shards_[number_of(key)];
    const auto found = shard.find(key);
    return found == shard.end() ? nullptr : &found->second;
  }

  // Calls visit(key, value) for all, in no order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& shard : shards_)
      for (const auto& [key, value] : *shard) visit(key, value);
  }

  // Changes a map and leaves its copies as they are: each shard is copied when something in it first changes. The map must
  // outlive it.
  class Edit {
   public:
    explicit Edit(ShardedMap& map) : map_(&map) {}

    // Where the key belongs, to be changed.
    Shard& shard_of(std::string_view key) {
      const std::size_t number = number_of(key);
      auto& mine = copied_[number];
      if (mine == nullptr) {
        mine = std::make_shared<Shard>(*map_->shards_[number]);
        map_->shards_[number] = mine;
      }
      return *mine;
    }

   private:
    ShardedMap* map_;
    std::map<std::size_t, std::shared_ptr<Shard>> copied_;
  };

 private:
  static constexpr std::size_t kShards = 256;
  // By other bits than those by which a shard places its keys, the lowest and the highest.
  static std::size_t number_of(std::string_view key) noexcept { return (Hash{}(key) >> 8) % kShards; }

  std::array<std::shared_ptr<const Shard>, kShards> shards_;
};

}  // namespace penstock
