#include "common/adapters/sql/list.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>

#include "common/adapters/sql/rows.h"
#include "common/adapters/sql/text.h"

namespace penstock::sql {
namespace {

std::string literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted.append(c == '\'' ? 2u : 1u, c);
  return quoted += '\'';
}

std::int64_t integer_limit(std::size_t limit) {
  constexpr std::size_t kMax = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(limit, kMax));
}

// One bound of a list's rows: `columns <operation> values`.
struct Bound {
  std::string columns;
  std::string values;
};

class ListBuilder {
 public:
  ListBuilder(const Table& table, const ListQuery& query)
      : table_(table),
        query_(query),
        index_(index_for(table, query)),
        newest_(quoted(table.newest_first)),
        key_(quoted(key_name(table))) {}

  Result<ListStatement> build() && {
    if (query_.after && query_.order == ListOrder::none)
      return Error{ErrorCode::invalid, "a list in no order has no place to begin behind"};
    TRY_STATUS(subset());
    std::optional<Parameter> leader;
    for (const auto& filter : query_.filters) {
      TRY(const ColumnType type, type_of(filter));
      if (!leader && has_leader() && filter.column == index_->column)
        leader = Parameter{type, filter.equals};
      else
        equal(filter, type);
    }
    for (const auto column : query_.present) {
      TRY_STATUS(present(column));
    }
    if (leader) leader_ = Bound{quoted(index_->column), parameter(leader->type, std::move(leader->value))};
    bounds();
    return std::move(*this).statement();
  }

 private:
  Status subset() {
    const auto says_so = [&](const ListIndex& index) { return index.only == query_.only; };
    if (!query_.only.empty()) {
      if (std::none_of(table_.indexes.begin(), table_.indexes.end(), says_so))
        return Error{ErrorCode::invalid, "no index of " + std::string(table_.name) + " is so"};
      where("(" + std::string(query_.only) + ")");
    }
    if (has_leader()) where(quoted(index_->column) + " IS NOT NULL");
    if (has_leader())
      for (const auto& value : index_->common) where(quoted(index_->column) + " <> " + literal(value));
    // A column of the table's own may be NULL, which the databases order differently.
    if (table_.newest_first != "created_at") where(newest_ + " IS NOT NULL");
    return ok();
  }

  const Column* find(std::string_view name) const {
    const auto column = std::find_if(table_.columns.begin(), table_.columns.end(),
                                     [&](const Column& each) { return each.name == name; });
    return column == table_.columns.end() ? nullptr : &*column;
  }

  Result<ColumnType> type_of(const ColumnFilter& filter) const {
    const auto* column = find(filter.column);
    if (column == nullptr) return refuse(filter.column, "is not there");
    if (column->type == ColumnType::json) return refuse(filter.column, "cannot be compared");
    if (!fits(column->type, view_of(filter.equals))) return refuse(filter.column, "is of another type");
    return column->type;
  }

  Status present(std::string_view column) {
    if (find(column) == nullptr) return refuse(column, "is not there");
    where(quoted(column) + " IS NOT NULL");
    return ok();
  }

  void equal(const ColumnFilter& filter, ColumnType type) {
    const bool null = std::holds_alternative<std::monostate>(filter.equals);
    where(quoted(filter.column) + (null ? " IS NULL" : " = " + parameter(type, filter.equals)));
  }

  // One condition for either end, the tightest: SQLite follows an index from one to the other, and tries
  // every further one row by row.
  void bounds() {
    const auto& [since, until, after] = std::tie(query_.since, query_.until, query_.after);
    const bool rising = query_.order == ListOrder::oldest_first;
    const std::string inclusive = after && after->inclusive ? "=" : "";
    if (after && rising && (!since || *since <= after->at))
      bound(place(*after), ">" + inclusive);
    else
      bound(since ? time(*since) : Bound{}, ">=");
    if (after && !rising && (!until || after->at < *until))
      bound(place(*after), "<" + inclusive);
    else
      bound(until ? time(*until) : Bound{}, until ? "<" : "<=");
  }

  void bound(const Bound& at, const std::string& operation) {
    if (!leader_ && at.columns.empty()) return;
    const auto list = [&](const std::string& first, const std::string& rest) {
      return first.empty() || rest.empty() ? first + rest : first + ", " + rest;
    };
    const Bound leader = leader_.value_or(Bound{});
    where("(" + list(leader.columns, at.columns) + ") " + operation + " (" + list(leader.values, at.values) +
          ")");
  }

  Bound time(Timestamp at) { return {newest_, parameter(ColumnType::timestamp, to_unix_ms(at))}; }
  Bound place(const ListQuery::After& after) {
    Bound place = time(after.at);
    place.columns += ", " + key_;
    place.values += ", " + parameter(ColumnType::text, after.key);
    return place;
  }

  ListStatement statement() && {
    std::string text =
        "SELECT " + column_list(stored_columns(table_)) + " FROM " + quoted(table_.name) + where_ + order();
    text += " LIMIT " + parameter(ColumnType::integer, integer_limit(query_.limit));
    return {std::move(text), std::move(parameters_), index_ != nullptr && query_.order != ListOrder::none};
  }

  std::string order() const {
    if (query_.order == ListOrder::none) return {};
    const std::string direction = query_.order == ListOrder::newest_first ? " DESC" : " ASC";
    const std::string first = leader_ ? leader_->columns + direction + ", " : "";
    return " ORDER BY " + first + newest_ + direction + ", " + key_ + direction;
  }

  Error refuse(std::string_view column, std::string_view why) const {
    std::string detail = "filter: column ";
    detail.append(column).append(" of ").append(table_.name).append(" ").append(why);
    return {ErrorCode::invalid, std::move(detail)};
  }

  // Does the index begin with a column that a filter names?
  bool has_leader() const { return index_ != nullptr && !index_->column.empty(); }

  std::string parameter(ColumnType type, Cell value) {
    parameters_.push_back({type, std::move(value)});
    return "$" + std::to_string(parameters_.size());
  }
  void where(const std::string& condition) { where_ += (where_.empty() ? " WHERE " : " AND ") + condition; }

  const Table& table_;
  const ListQuery& query_;
  const ListIndex* const index_;
  const std::string newest_;
  const std::string key_;
  std::optional<Bound> leader_;
  std::string where_;
  std::vector<Parameter> parameters_;
};

}  // namespace

Result<ListStatement> list_statement(const Table& table, const ListQuery& query) {
  return ListBuilder(table, query).build();
}

ListStatement key_scopes_statement(const Table& table, std::size_t limit, std::string_view scope_of_found) {
  const std::string key = quoted(key_name(table));
  const std::string keys = "SELECT " + key + " FROM " + quoted(table.name);
  const std::string least = " ORDER BY " + key + " LIMIT 1";
  const std::string scope(scope_of_found);
  // ';' is what follows ':' in the order of bytes: the next key found is one of another scope.
  std::string text = "WITH RECURSIVE scopes (found) AS (SELECT (" + keys + least + ") UNION ALL SELECT (" +
                     keys + " WHERE " + key + " >= " + scope + " || ';'" + least +
                     ") FROM scopes WHERE found IS NOT NULL) SELECT " + scope +
                     " FROM scopes WHERE found IS NOT NULL LIMIT $1";
  return {std::move(text), {{ColumnType::integer, integer_limit(limit)}}, true};
}

}  // namespace penstock::sql
