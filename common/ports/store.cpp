#include "common/ports/store.h"

#include <algorithm>

namespace penstock {
namespace {

bool holds(const ListIndex& index, const Cell& value) {
  if (std::holds_alternative<std::monostate>(value)) return false;
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr || std::find(index.common.begin(), index.common.end(), *text) == index.common.end();
}

}  // namespace

const ListIndex* index_for(const Table& table, const ListQuery& query) noexcept {
  const auto fits = [&](const ListIndex& index) {
    if (index.only != query.only) return false;
    if (index.column.empty()) return query.filters.empty();
    return std::any_of(query.filters.begin(), query.filters.end(), [&](const ColumnFilter& filter) {
      return filter.column == index.column && holds(index, filter.equals);
    });
  };
  const auto found = std::find_if(table.indexes.begin(), table.indexes.end(), fits);
  return found == table.indexes.end() ? nullptr : &*found;
}

}  // namespace penstock
