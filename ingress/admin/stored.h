// Rows of the store as the admin API reads them: without locks, one by one or page by page.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/codec.h"
#include "common/ports/store.h"
#include "ingress/admin/cursor.h"
#include "ingress/server/server.h"
#include "workers/domain/state/table.h"

namespace penstock::admin {

template <class R>
struct Stored {
  R row;
  RowStamp stamp;
};

template <class R>
struct Page {
  std::vector<Stored<R>> rows;
  std::optional<std::string> next_cursor;
};

// The functions below block. Errors are the store's; corrupt when a row cannot be read back.

template <class R>
Result<std::vector<Stored<R>>> typed(const std::vector<Row>& rows) {
  std::vector<Stored<R>> stored;
  stored.reserve(rows.size());
  for (const auto& row : rows) {
    auto value = from_cells<R>(row.cells);
    if (!value) return Error{ErrorCode::corrupt, Retry::never, "a row of " + std::string(table_of<R>().name)};
    stored.push_back({*std::move(value), row.stamp});
  }
  return stored;
}

template <class R>
Result<std::vector<Stored<R>>> read_rows(Store& store, const std::vector<std::string>& keys) {
  if (keys.empty()) return std::vector<Stored<R>>{};
  TRY(const auto rows, store.read(table_of<R>(), keys));
  return typed<R>(rows);
}

template <class R>
Result<std::optional<Stored<R>>> read_row(Store& store, std::string_view key) {
  TRY(auto rows, read_rows<R>(store, {std::string(key)}));
  return rows.empty() ? std::nullopt : std::optional(std::move(rows.front()));
}

// The newest `query.limit` rows.
template <class R>
Result<std::vector<Stored<R>>> list_rows(Store& store, const ListQuery& query) {
  TRY(const auto rows, store.list(table_of<R>(), query));
  return typed<R>(rows);
}

// The newest 500 rows with those values: for lists that are short by nature.
template <class R>
Result<std::vector<Stored<R>>> rows_with(Store& store, std::vector<ColumnFilter> filters) {
  ListQuery query;
  query.filters = std::move(filters);
  query.limit = 500;
  return list_rows<R>(store, query);
}

// Where a row stands in its list.
ListQuery::After place_of(const Table& table, const Row& row);

// One page of `query.limit` rows; the cursor leads on when there are more.
template <class R>
Result<Page<R>> read_page(Store& store, std::string_view list, ListQuery query) {
  const std::size_t limit = query.limit++;
  TRY(auto rows, store.list(table_of<R>(), query));
  Page<R> page;
  if (rows.size() > limit) {
    rows.resize(limit);
    page.next_cursor = make_cursor(list, place_of(table_of<R>(), rows.back()));
  }
  TRY(page.rows, typed<R>(rows));
  return page;
}

// Of the row that was changed last, with the earliest created_at. At least one.
RowStamp latest(const std::vector<RowStamp>& stamps);

// A row that is only ever added was last changed by the event that added it.
inline RowStamp added_by(const EventKey& event, const RowStamp& stamp) {
  return {stamp.created_at, stamp.created_at, event.value};
}

void encode_stamp(json::Writer& out, const RowStamp& stamp);

http::Response json_response(json::Writer out);

// The resource and its stamp as one answer.
template <Described V>
http::Response resource_response(const V& view, const RowStamp& stamp) {
  json::Writer out;
  out.begin_object();
  json::encode_members(out, view);
  encode_stamp(out, stamp);
  out.end_object();
  return json_response(std::move(out));
}

// {"data": […], "next_cursor": …}; `encode_row(out, stored)` writes one element.
template <class R, class EncodeRow>
http::Response page_response(const Page<R>& page, EncodeRow encode_row) {
  json::Writer out;
  out.begin_object().key("data").begin_array();
  for (const auto& each : page.rows) encode_row(out, each);
  out.end_array();
  json::encode(out.key("next_cursor"), page.next_cursor);
  out.end_object();
  return json_response(std::move(out));
}

http::Response not_found(std::string_view what);

}  // namespace penstock::admin
