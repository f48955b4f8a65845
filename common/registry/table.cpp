#include "common/registry/table.h"

namespace penstock::registry {
namespace {

std::string_view id_of(std::string_view key) { return key.substr(key.find('/') + 1); }

template <class... Value, class Visit>
void visit_each_kind(const std::variant<Value...>*, Visit&& visit) {
  (visit(std::type_identity<Value>{}), ...);
}

// Calls visit(std::type_identity<Value>) for the kind of the key; a kind that this version does not know has none.
template <class Visit>
void visit_kind_of(std::string_view key, Visit&& visit) {
  const auto name = key.substr(0, key.find('/'));
  visit_each_kind(static_cast<const Values*>(nullptr), [&]<class Value>(std::type_identity<Value> kind) {
    if (name == kKindName<Value>) visit(kind);
  });
}

template <class Value>
bool is_overtaken(const Entry<Value>& known, const Change& change) {
  if (change.state == State::damaged) return true;
  return change.state != State::unreadable && known.revision > change.setting.revision;
}

template <class... Map>
std::tuple<typename Map::Edit...> edits_of(std::tuple<Map...>& maps) {
  return std::apply([](auto&... each) { return std::tuple<typename Map::Edit...>(each...); }, maps);
}

}  // namespace

std::size_t Snapshot::size() const noexcept {
  std::size_t size = 0;
  for_each([&](const auto&, const auto& entry) { size += entry.state == State::there ? 1 : 0; });
  return size;
}

std::optional<Revision> Snapshot::revision_of(std::string_view key) const noexcept {
  std::optional<Revision> revision;
  visit_kind_of(key, [&]<class Value>(std::type_identity<Value>) {
    if (const auto* found = map<Value>().find(id_of(key))) revision = found->revision;
  });
  return revision;
}

Result<Setting> Snapshot::setting_of(std::string_view key) const {
  Result<Setting> setting = Error{ErrorCode::not_found, "setting " + std::string(key) + " is not known"};
  visit_kind_of(key, [&]<class Value>(std::type_identity<Value>) {
    const auto* found = map<Value>().find(id_of(key));
    if (found == nullptr) return;
    const Entry<Value>& entry = *found;
    if (entry.state == State::unreadable)
      setting = Error{ErrorCode::corrupt, "setting " + std::string(key) + " could not be opened"};
    else
      setting = Setting{entry.revision, entry.value ? std::optional<Values>(*entry.value) : std::nullopt};
  });
  return setting;
}

Draft::Draft() : Draft(Snapshot()) {}

Draft::Draft(const Snapshot& from)
    : next_(std::make_shared<Snapshot>(from)), edits_(edits_of(next_->kinds_)) {}

void Draft::make(Change change) {
  bool holds = true;
  visit_kind_of(change.key, [&]<class Value>(std::type_identity<Value>) { holds = make_in<Value>(change); });
  if (holds)
    misled_.erase(change.key);
  else
    misled_.insert(std::move(change.key));
}

template <class Value>
bool Draft::make_in(Change& change) {
  const std::string id(id_of(change.key));
  auto& map = shard_of<Value>(id);
  const auto known = map.find(id);
  if (known != map.end() && is_overtaken(known->second, change)) return false;
  const bool readable = change.state == State::there || change.state == State::deleted;
  Entry<Value> entry{change.setting.revision, readable ? change.state : State::unreadable, nullptr};
  // Else an earlier change could follow one that is none.
  if (!readable && known != map.end()) entry.revision = known->second.revision;
  if (change.state == State::there)
    entry.value = std::make_shared<const Value>(std::get<Value>(*std::move(change.setting.value)));
  map.insert_or_assign(id, std::move(entry));
  return readable;
}

std::size_t Draft::keep_lost(const Snapshot& before) {
  std::size_t lost = 0;
  before.for_each([&]<class Value>(const std::string& id, const Entry<Value>& entry) {
    if (next_->map<Value>().find(id) != nullptr) return;
    const State state = entry.state == State::deleted ? State::deleted : State::unreadable;
    shard_of<Value>(id).emplace(id, Entry<Value>{entry.revision, state, nullptr});
    misled_.insert(make_key<Value>(id));
    ++lost;
  });
  return lost;
}

std::vector<std::string> Table::misled() const {
  const std::lock_guard lock(mutex_);
  return {misled_.begin(), misled_.end()};
}

void Table::apply(std::vector<Change> changes) {
  if (changes.empty()) return;
  Draft draft(*published_.latest());
  std::vector<std::string> told;
  for (auto& change : changes) {
    told.push_back(change.key);
    draft.make(std::move(change));
  }
  {
    const std::lock_guard lock(mutex_);
    for (const auto& key : told) misled_.erase(key);
    misled_.merge(draft.misled_);
  }
  published_.publish(std::move(draft.next_));
}

void Table::replace(std::vector<Change> settings) {
  Draft draft;
  for (auto& setting : settings) draft.make(std::move(setting));
  replace_with(std::move(draft));
}

void Table::replace_with(Draft settings) {
  settings.next_->filled_ = true;
  {
    const std::lock_guard lock(mutex_);
    misled_ = std::move(settings.misled_);
  }
  published_.publish(std::move(settings.next_));
}

bool Table::wait_for(std::string_view key, Revision revision, Milliseconds deadline) const {
  return published_.wait_for(deadline,
                             [&](const Snapshot& latest) { return latest.revision_of(key) >= revision; });
}

}  // namespace penstock::registry
