// Rows of the store as the admin API reads them: without locks, one by one or page by page.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/server/server.h"
#include "common/json/codec.h"
#include "common/ports/store.h"
#include "ingress/admin/api/cursor.h"
#include "ingress/admin/api/scan.h"
#include "workers/domain/state/table.h"

namespace penstock::admin {

template <class R>
struct Stored {
  R row;
  RowStamp stamp;
};

template <class Element>
struct Page {
  std::vector<Element> rows;
  std::optional<std::string> next_cursor;
};

// What a scan's rows come to. One row may make none, one or several; `within` then orders those of one row.
template <class Element>
struct Found {
  std::size_t candidate;  // its number in the piece
  std::string within;
  Element element;
};

// The functions below block. Errors are the store's; corrupt when a row cannot be read back.

template <class R>
Result<Stored<R>> typed_row(const Row& row) {
  TRY(auto value, from_row<R>(row));
  return Stored<R>{std::move(value), row.stamp};
}

template <class R>
Result<std::vector<Stored<R>>> typed(const std::vector<Row>& rows) {
  std::vector<Stored<R>> stored;
  stored.reserve(rows.size());
  for (const auto& row : rows) {
    TRY(auto one, typed_row<R>(row));
    stored.push_back(std::move(one));
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

// 500 rows with those values at most, in no order: for lists that are short by nature.
template <class R>
Result<std::vector<Stored<R>>> rows_with(Store& store, std::vector<ColumnFilter> filters) {
  ListQuery query;
  query.filters = std::move(filters);
  query.order = ListOrder::none;
  query.limit = 500;
  return list_rows<R>(store, query);
}

// A page of `query.limit` elements, or fewer and a cursor when the scan has looked at enough rows.
// `find(candidates)` answers a Result of Found, in order, for a piece of the scan. `from` is the cursor that
// the page was asked for with; the next one goes the same way.
template <class Element, class Find>
Result<Page<Element>> fill_page(Scan& scan, std::string_view list, const ListQuery& query, const Cursor& from,
                                Find find) {
  const auto is_shown = [&](const Candidate& candidate, const Found<Element>& found) {
    return !from.within.empty() && candidate.place.at == from.last.at &&
           candidate.place.key == from.last.key && found.within <= from.within;
  };
  Page<Element> page;
  Cursor last;
  std::size_t examined = 0;
  for (std::size_t piece = query.limit + 1;; piece = std::min(2 * piece, kExaminedMax - examined)) {
    TRY(const auto candidates, scan.next(piece));
    TRY(auto found, find(candidates));
    for (auto& each : found) {
      const Candidate& candidate = candidates[each.candidate];
      if (is_shown(candidate, each)) continue;
      if (page.rows.size() == query.limit) {
        page.next_cursor = make_cursor(list, query.order, last);
        return page;
      }
      page.rows.push_back(std::move(each.element));
      last = {candidate.place, std::move(each.within), from.way};
    }
    if (candidates.size() < piece) return page;
    examined += piece;
    if (examined < kExaminedMax) continue;
    page.next_cursor = make_cursor(list, query.order, {candidates.back().place, {}, from.way});
    return page;
  }
}

// A page of the rows that pass all filters of the query.
template <class R>
Result<Page<Stored<R>>> read_page(Scan scan, std::string_view list, const ListQuery& query) {
  const auto find = [&](const std::vector<Candidate>& candidates) -> Result<std::vector<Found<Stored<R>>>> {
    std::vector<Found<Stored<R>>> found;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const Row& row = candidates[i].row;
      if (!passes(table_of<R>(), row, query.filters)) continue;
      TRY(auto stored, typed_row<R>(row));
      found.push_back({i, {}, std::move(stored)});
    }
    return found;
  };
  return fill_page<Stored<R>>(scan, list, query, {}, find);
}
template <class R>
Result<Page<Stored<R>>> read_page(Store& store, std::string_view list, const ListQuery& query) {
  TRY(auto chosen, furthest(store, ways_to(table_of<R>(), query)));
  return read_page<R>(std::move(chosen.scan), list, query);
}

// Of the row that was changed last, with the earliest created_at. At least one.
RowStamp latest(const std::vector<RowStamp>& stamps);

// A row that is only ever added was last changed by the event that added it.
inline RowStamp added_by(const EventKey& event, const RowStamp& stamp) {
  return {stamp.created_at, stamp.created_at, event.value};
}

void encode_stamp(json::Writer& out, const RowStamp& stamp);

http::Response json_response(json::Writer out);

// The resource and its stamp as one object.
template <Described V>
void encode_resource(json::Writer& out, const V& view, const RowStamp& stamp) {
  out.begin_object();
  json::encode_members(out, view);
  encode_stamp(out, stamp);
  out.end_object();
}
template <Described V>
http::Response resource_response(const V& view, const RowStamp& stamp) {
  json::Writer out;
  encode_resource(out, view, stamp);
  return json_response(std::move(out));
}

// {"data": […], "next_cursor": …}; `encode_row(out, element)` writes one element.
template <class Element, class EncodeRow>
http::Response page_response(const Page<Element>& page, EncodeRow encode_row) {
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
