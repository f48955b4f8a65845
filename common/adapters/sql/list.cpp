#include "common/adapters/sql/list.h"

#include <algorithm>
#include <limits>

#include "common/adapters/sql/rows.h"
#include "common/adapters/sql/text.h"

namespace penstock::sql {
namespace {

class ListBuilder {
 public:
  explicit ListBuilder(const Table& table) : table_(table), newest_(quoted(table.newest_first)) {}

  Status filter(const ColumnFilter& filter) {
    const auto* column = find(filter.column);
    if (column == nullptr) return refuse(filter.column, "is not there");
    if (column->type == ColumnType::json) return refuse(filter.column, "cannot be compared");
    if (!fits(column->type, view_of(filter.equals))) return refuse(filter.column, "is of another type");
    const bool null = std::holds_alternative<std::monostate>(filter.equals);
    where(quoted(column->name) + (null ? " IS NULL" : " = " + parameter(column->type, filter.equals)));
    return ok();
  }

  Status present(std::string_view name) {
    if (find(name) == nullptr) return refuse(name, "is not there");
    where(quoted(name) + " IS NOT NULL");
    return ok();
  }

  // A column of the table's own may be NULL, which the databases order differently.
  void dated() {
    if (table_.newest_first != "created_at") where(newest_ + " IS NOT NULL");
  }
  void since(Timestamp at) { where(newest_ + " >= " + time(at)); }
  void until(Timestamp at) { where(newest_ + " < " + time(at)); }
  void after(const ListQuery::After& last) {
    std::string at = time(last.at);
    where("(" + newest_ + ", " + key() + ") < (" + at + ", " + parameter(ColumnType::text, last.key) + ")");
  }

  ListStatement finish(std::size_t limit) && {
    constexpr std::size_t kLimitMax = std::numeric_limits<std::int64_t>::max();
    std::string text = "SELECT " + column_list(stored_columns(table_)) + " FROM " + quoted(table_.name) +
                       where_ + " ORDER BY " + newest_ + " DESC, " + key() + " DESC LIMIT ";
    text += parameter(ColumnType::integer, static_cast<std::int64_t>(std::min(limit, kLimitMax)));
    return {std::move(text), std::move(parameters_)};
  }

 private:
  const Column* find(std::string_view name) const {
    const auto column = std::find_if(table_.columns.begin(), table_.columns.end(),
                                     [&](const Column& each) { return each.name == name; });
    return column == table_.columns.end() ? nullptr : &*column;
  }
  Error refuse(std::string_view column, std::string_view why) const {
    std::string detail = "filter: column ";
    detail.append(column).append(" of ").append(table_.name).append(" ").append(why);
    return {ErrorCode::invalid, Retry::never, std::move(detail)};
  }

  std::string key() const { return quoted(key_name(table_)); }
  std::string time(Timestamp at) { return parameter(ColumnType::timestamp, to_unix_ms(at)); }
  std::string parameter(ColumnType type, Cell value) {
    parameters_.push_back({type, std::move(value)});
    return "$" + std::to_string(parameters_.size());
  }
  void where(const std::string& condition) { where_ += (where_.empty() ? " WHERE " : " AND ") + condition; }

  const Table& table_;
  const std::string newest_;
  std::string where_;
  std::vector<Parameter> parameters_;
};

}  // namespace

Result<ListStatement> list_statement(const Table& table, const ListQuery& query) {
  ListBuilder builder(table);
  builder.dated();
  for (const auto& filter : query.filters) {
    TRY_STATUS(builder.filter(filter));
  }
  for (const auto column : query.present) {
    TRY_STATUS(builder.present(column));
  }
  if (query.since) builder.since(*query.since);
  if (query.until) builder.until(*query.until);
  if (query.after) builder.after(*query.after);
  return std::move(builder).finish(query.limit);
}

}  // namespace penstock::sql
