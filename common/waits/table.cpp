#include "common/waits/table.h"

#include <algorithm>

namespace penstock::waits {
namespace {

// No part holds a NUL.
std::string joined(std::initializer_list<std::string_view> parts) {
  std::string key;
  for (const auto part : parts) key.append(part).append(1, '\0');
  return key;
}

std::string place_key(const WaitingRun& run, const Wait& wait) {
  return joined({run.org, wait.event_type, wait.match, wait.value});
}

}  // namespace

const std::map<std::string, std::size_t>* Snapshot::pointers(std::string_view org,
                                                             std::string_view type) const {
  return pointers_.find(joined({org, type}));
}

const std::vector<Place>* Snapshot::matching(std::string_view org, std::string_view type,
                                             std::string_view pointer, std::string_view value) const {
  return places_.find(joined({org, type, pointer, value}));
}

// A snapshot that is being made of another.
class Table::Editor {
 public:
  explicit Editor(const Snapshot& from)
      : next_(std::make_shared<Snapshot>(from)), pointers_(next_->pointers_), places_(next_->places_) {}

  void add(const std::shared_ptr<const WaitingRun>& run) {
    for (std::size_t number = 0; number < run->waits.size(); ++number) {
      const Wait& wait = run->waits[number];
      const auto type = joined({run->org, wait.event_type}), key = place_key(*run, wait);
      ++pointers_.shard_of(type)[type][wait.match];
      places_.shard_of(key)[key].push_back({run, number});
    }
  }

  void remove(const WaitingRun& run) {
    for (const auto& wait : run.waits) {
      const auto type = joined({run.org, wait.event_type}), key = place_key(run, wait);
      remove_pointer(pointers_.shard_of(type), type, wait.match);
      auto& shard = places_.shard_of(key);
      auto& places = shard[key];
      std::erase_if(places, [&](const Place& place) { return place.run->run == run.run; });
      if (places.empty()) shard.erase(key);
    }
  }

  std::shared_ptr<const Snapshot> take(bool filled) && {
    next_->filled_ = filled;
    return std::move(next_);
  }

 private:
  using Pointers = ShardedMap<std::map<std::string, std::size_t>>;

  static void remove_pointer(Pointers::Shard& shard, const std::string& type, const std::string& pointer) {
    auto& pointers = shard[type];
    if (--pointers[pointer] == 0) pointers.erase(pointer);
    if (pointers.empty()) shard.erase(type);
  }

  std::shared_ptr<Snapshot> next_;
  Pointers::Edit pointers_;
  ShardedMap<std::vector<Place>>::Edit places_;
};

void Table::add(Editor& editor, Change change) {
  if (!change.waiting) return;
  auto run = std::make_shared<const WaitingRun>(*std::move(change.waiting));
  editor.add(run);
  runs_.insert_or_assign(std::move(change.run), std::move(run));
}

void Table::apply(std::vector<Change> changes) {
  Editor editor(*published_.latest());
  for (auto& change : changes) {
    if (const auto known = runs_.find(change.run); known != runs_.end()) {
      editor.remove(*known->second);
      runs_.erase(known);
    }
    add(editor, std::move(change));
  }
  published_.publish(std::move(editor).take(published_.latest()->filled()));
}

void Table::replace(std::vector<Change> changes) {
  Editor editor((Snapshot()));
  runs_.clear();
  for (auto& change : changes) add(editor, std::move(change));
  published_.publish(std::move(editor).take(true));
}

}  // namespace penstock::waits
