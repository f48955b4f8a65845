#include "workers/domain/state/tables.h"

namespace penstock {
namespace {

struct Entry {
  const Table* table;
  std::string_view resource;
};
template <class R>
struct EntryOf : Entry {
  EntryOf() : Entry{&table_of<R>(), TableName<R>::traits.resource} {}
};

std::vector<Entry> entries() {
  std::vector<Entry> entries = {EntryOf<InboxRow>{}};
  const auto add = [&](const auto&... each) { (entries.push_back(each), ...); };
  std::apply(add, StateTables<EntryOf>{});
  std::apply(add, AddedTables<EntryOf>{});
  std::apply(add, ControlTables<EntryOf>{});
  return entries;
}

}  // namespace

std::vector<const Table*> all_tables() {
  std::vector<const Table*> tables;
  for (const auto& entry : entries()) tables.push_back(entry.table);
  return tables;
}

std::set<std::string_view> all_resources() {
  std::set<std::string_view> resources;
  for (const auto& entry : entries())
    if (!entry.resource.empty()) resources.insert(entry.resource);
  return resources;
}

}  // namespace penstock
