#include "common/registry/table.h"

#include <map>

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

// A snapshot that is being made of another: shards are copied when something in them first changes.
class Table::Editor {
 public:
  explicit Editor(const Snapshot& from) : next_(std::make_shared<Snapshot>(from)) {}

  void make(Change& change) {
    visit_kind_of(change.key, [&]<class Value>(std::type_identity<Value>) { make_in<Value>(change); });
  }

  std::shared_ptr<const Snapshot> take() && { return std::move(next_); }

 private:
  template <class Value>
  void make_in(Change& change) {
    const std::string id(id_of(change.key));
    auto& map = fresh<Value>(Snapshot::shard_of(id));
    const auto known = map.find(id);
    const bool overtaken = known != map.end() && known->second.state != State::unreadable &&
                           change.state != State::unreadable &&
                           known->second.revision > change.setting.revision;
    if (overtaken) return;
    Entry<Value> entry{change.setting.revision, change.state, nullptr};
    if (change.state == State::there)
      entry.value = std::make_shared<const Value>(std::get<Value>(*std::move(change.setting.value)));
    map.insert_or_assign(id, std::move(entry));
  }

  template <class Value>
  Snapshot::Map<Value>& fresh(std::size_t shard) {
    auto& held = std::get<Snapshot::Shards<Value>>(next_->kinds_)[shard];
    auto& mine = std::get<Fresh<Value>>(fresh_).maps[shard];
    if (mine == nullptr) {
      mine = std::make_shared<Snapshot::Map<Value>>(*held);
      held = mine;
    }
    return *mine;
  }

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
};

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

void Table::publish(std::shared_ptr<const Snapshot> next) {
  {
    const std::lock_guard lock(mutex_);
    latest_ = std::move(next);
    version_.fetch_add(1, std::memory_order_release);
  }
  changed_.notify_all();
}

void Table::apply(std::vector<Change> changes) {
  if (changes.empty()) return;
  Editor editor(*latest());
  for (auto& change : changes) editor.make(change);
  publish(std::move(editor).take());
}

void Table::replace(std::vector<Change> settings) {
  Snapshot nothing_else;
  nothing_else.filled_ = true;
  Editor editor(nothing_else);
  for (auto& setting : settings) editor.make(setting);
  publish(std::move(editor).take());
}

bool Table::wait_for(std::string_view key, Revision revision, Milliseconds deadline) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, deadline, [&] { return latest_->revision_of(key) >= revision; });
}

}  // namespace penstock::registry
