#include "common/registry/table.h"

namespace penstock::registry {
namespace {

std::uint64_t next_table_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

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

}  // namespace

Snapshot::Snapshot() {
  std::apply(
      [](auto&... kinds) {
        const auto fill = [](auto& shards) {
          shards.fill(std::make_shared<
                      typename std::remove_reference_t<decltype(shards)>::value_type::element_type>());
        };
        (fill(kinds), ...);
      },
      kinds_);
}

std::size_t Snapshot::size() const noexcept {
  std::size_t size = 0;
  for_each([&](const auto&, const auto& entry) { size += entry.state == State::there ? 1 : 0; });
  return size;
}

std::optional<Revision> Snapshot::revision_of(std::string_view key) const noexcept {
  std::optional<Revision> revision;
  visit_kind_of(key, [&]<class Value>(std::type_identity<Value>) {
    const auto id = id_of(key);
    const auto& map = *std::get<Shards<Value>>(kinds_)[shard_of(id)];
    if (const auto found = map.find(id); found != map.end()) revision = found->second.revision;
  });
  return revision;
}

Result<Setting> Snapshot::setting_of(std::string_view key) const {
  Result<Setting> setting = Error{ErrorCode::not_found, "setting " + std::string(key) + " is not known"};
  visit_kind_of(key, [&]<class Value>(std::type_identity<Value>) {
    const auto id = id_of(key);
    const auto& map = *std::get<Shards<Value>>(kinds_)[shard_of(id)];
    const auto found = map.find(id);
    if (found == map.end()) return;
    const Entry<Value>& entry = found->second;
    if (entry.state == State::unreadable)
      setting = Error{ErrorCode::corrupt, "setting " + std::string(key) + " could not be opened"};
    else
      setting = Setting{entry.revision, entry.value ? std::optional<Values>(*entry.value) : std::nullopt};
  });
  return setting;
}

Draft::Draft() : Draft(Snapshot()) {}

Draft::Draft(const Snapshot& from) : next_(std::make_shared<Snapshot>(from)) {}

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
  auto& map = fresh<Value>(Snapshot::shard_of(id));
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
    const auto shard = Snapshot::shard_of(id);
    if (std::get<Snapshot::Shards<Value>>(next_->kinds_)[shard]->contains(id)) return;
    const State state = entry.state == State::deleted ? State::deleted : State::unreadable;
    fresh<Value>(shard).emplace(id, Entry<Value>{entry.revision, state, nullptr});
    misled_.insert(make_key<Value>(id));
    ++lost;
  });
  return lost;
}

// Shards are copied when something in them first changes.
template <class Value>
Snapshot::Map<Value>& Draft::fresh(std::size_t shard) {
  auto& held = std::get<Snapshot::Shards<Value>>(next_->kinds_)[shard];
  auto& mine = std::get<Fresh<Value>>(fresh_).maps[shard];
  if (mine == nullptr) {
    mine = std::make_shared<Snapshot::Map<Value>>(*held);
    held = mine;
  }
  return *mine;
}

Table::Table() : id_(next_table_id()), latest_(std::make_shared<const Snapshot>()) {}

const Snapshot& Table::current() const {
  struct Held {
    std::uint64_t table = 0;
    std::uint64_t version = 0;
    std::shared_ptr<const Snapshot> snapshot;
  };
  thread_local Held held;
  // What was published before the version was counted up is seen by whoever reads it.
  const auto version = version_.load(std::memory_order_acquire);
  if (held.table != id_ || held.version != version) held = {id_, version, latest()};
  return *held.snapshot;
}

std::shared_ptr<const Snapshot> Table::latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

template <class Mislead>
void Table::publish(Draft draft, Mislead&& mislead) {
  {
    const std::lock_guard lock(mutex_);
    latest_ = std::move(draft.next_);
    mislead(std::move(draft.misled_));
    version_.fetch_add(1, std::memory_order_release);
  }
  changed_.notify_all();
}

std::vector<std::string> Table::misled() const {
  const std::lock_guard lock(mutex_);
  return {misled_.begin(), misled_.end()};
}

void Table::apply(std::vector<Change> changes) {
  if (changes.empty()) return;
  Draft draft(*latest());
  std::vector<std::string> told;
  for (auto& change : changes) {
    told.push_back(change.key);
    draft.make(std::move(change));
  }
  publish(std::move(draft), [&](std::set<std::string> misled) {
    for (const auto& key : told) misled_.erase(key);
    misled_.merge(misled);
  });
}

void Table::replace(std::vector<Change> settings) {
  Draft draft;
  for (auto& setting : settings) draft.make(std::move(setting));
  replace_with(std::move(draft));
}

void Table::replace_with(Draft settings) {
  settings.next_->filled_ = true;
  publish(std::move(settings), [this](std::set<std::string> misled) { misled_ = std::move(misled); });
}

bool Table::wait_for(std::string_view key, Revision revision, Milliseconds deadline) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, deadline, [&] { return latest_->revision_of(key) >= revision; });
}

}  // namespace penstock::registry
