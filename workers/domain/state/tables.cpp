#include "workers/domain/state/tables.h"

namespace penstock {
namespace {

template <class R>
struct Entry {
  const Table* table = &table_of<R>();
};

}  // namespace

std::vector<const Table*> all_tables() {
  std::vector<const Table*> tables = {&table_of<InboxRow>()};
  const auto add = [&](const auto&... each) { (tables.push_back(each.table), ...); };
  std::apply(add, StateTables<Entry>{});
  std::apply(add, AddedTables<Entry>{});
  return tables;
}

}  // namespace penstock
