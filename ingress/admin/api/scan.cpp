#include "ingress/admin/api/scan.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "common/core/check.h"

namespace penstock::admin {
namespace {

constexpr std::size_t kProbe = 50;  // rows by which ways are compared

// Does `a` come before `b` in lists of that order?
bool comes_before(ListOrder order, const ListQuery::After& a, const ListQuery::After& b) {
  const auto of = [](const ListQuery::After& place) { return std::tie(place.at, place.key); };
  return order == ListOrder::oldest_first ? of(a) < of(b) : of(b) < of(a);
}

}  // namespace

const Cell& cell_of(const Table& table, const Row& row, std::string_view column) {
  for (std::size_t at = 0; at < table.columns.size(); ++at)
    if (table.columns[at].name == column) return row.cells[at];
  CHECK(false);
}

ListQuery::After place_of(const Table& table, const Row& row) {
  const auto& key = std::get<std::string>(row.cells.front());
  if (table.newest_first == "created_at") return {row.stamp.created_at, key};
  const Cell& at = cell_of(table, row, table.newest_first);
  return {timestamp_from_unix_ms(std::get<std::int64_t>(at)), key};
}

bool is_between(const ListQuery::After& place, const ListQuery& query) {
  const auto& after = query.after;
  if (query.since && place.at < *query.since) return false;
  if (query.until && place.at >= *query.until) return false;
  return !after || comes_before(query.order, *after, place) ||
         (after->inclusive && !comes_before(query.order, place, *after));
}

bool passes(const Table& table, const Row& row, const std::vector<ColumnFilter>& filters) {
  return std::all_of(filters.begin(), filters.end(), [&](const ColumnFilter& filter) {
    return cell_of(table, row, filter.column) == filter.equals;
  });
}

Scan::Scan(Store& store, std::vector<Stream> streams) : store_(&store) {
  for (auto& stream : streams) sources_.push_back({std::move(stream)});
}

Scan Scan::of_rows(Store& store, const Table& table, ListOrder order, std::vector<Row> rows) {
  std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
    return comes_before(order, place_of(table, a), place_of(table, b));
  });
  Scan scan(store, {{&table, {.order = order}}});
  scan.add(0, std::move(rows));
  scan.sources_.front().ended = true;
  return scan;
}

Result<std::vector<Candidate>> Scan::next(std::size_t count) {
  TRY_STATUS(merge(count));
  std::vector<Candidate> candidates;
  while (!merged_.empty() && candidates.size() < count) {
    candidates.push_back(std::move(merged_.front()));
    merged_.pop_front();
  }
  return candidates;
}

Result<std::optional<ListQuery::After>> Scan::reach(std::size_t count) {
  TRY_STATUS(merge(count));
  return merged_.size() < count ? std::nullopt : std::optional(merged_[count - 1].place);
}

void Scan::add(std::size_t number, std::vector<Row> rows) {
  auto& source = sources_[number];
  for (auto& row : rows) {
    auto place = place_of(*source.stream.table, row);
    source.rows.push_back({number, std::move(row), std::move(place)});
  }
}

// As many rows of each source are asked for as would do if all came from it.
Status Scan::fill(std::size_t number, std::size_t count) {
  auto& source = sources_[number];
  if (source.ended || !source.rows.empty()) return ok();
  source.stream.query.limit = count;
  TRY(auto rows, store_->list(*source.stream.table, source.stream.query));
  source.ended = rows.size() < count;
  add(number, std::move(rows));
  if (!source.rows.empty()) source.stream.query.after = source.rows.back().place;
  return ok();
}

Status Scan::merge(std::size_t count) {
  while (merged_.size() < count) {
    std::deque<Candidate>* first = nullptr;
    for (std::size_t number = 0; number < sources_.size(); ++number) {
      TRY_STATUS(fill(number, count));
      auto& source = sources_[number];
      if (source.rows.empty()) continue;
      if (first == nullptr ||
          comes_before(source.stream.query.order, source.rows.front().place, first->front().place))
        first = &source.rows;
    }
    if (first == nullptr) return ok();
    merged_.push_back(std::move(first->front()));
    first->pop_front();
  }
  return ok();
}

Result<ChosenWay> furthest(Store& store, const std::vector<Way>& ways) {
  CHECK(!ways.empty());
  const ListOrder order = ways.front().front().query.order;
  std::optional<ChosenWay> best;
  std::optional<ListQuery::After> best_reach;
  for (std::size_t number = 0; number < ways.size(); ++number) {
    ChosenWay chosen{number, Scan(store, ways[number])};
    if (ways.size() == 1) return chosen;
    TRY(auto reach, chosen.scan.reach(kProbe));
    if (!reach) return chosen;
    if (best_reach && !comes_before(order, *best_reach, *reach)) continue;
    best = std::move(chosen);
    best_reach = std::move(reach);
  }
  return *std::move(best);
}

std::vector<Way> ways_to(const Table& table, const ListQuery& query) {
  std::vector<Way> ways;
  ListQuery one = query;
  one.only = {};
  for (const auto& filter : query.filters) {
    one.filters = {filter};
    if (index_for(table, one) != nullptr) ways.push_back({{&table, one}});
  }
  one.filters.clear();
  one.only = query.only;
  if (ways.empty() || !one.only.empty()) ways.push_back({{&table, one}});
  return ways;
}

}  // namespace penstock::admin
