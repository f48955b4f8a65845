// Finds the rows of a page: through the indexes that hold them, in list order, piece by piece, and never by
// looking at more than a bounded number of rows.
//
// A filter whose column has an index leads to its own rows. Every other filter is tried on the rows that one
// leads to. So a request costs the same whatever the number of rows, and a page may end before it is full:
// its cursor leads on.
#pragma once

#include <deque>
#include <string_view>
#include <vector>

#include "common/ports/store.h"

namespace penstock::admin {

// Rows that a request looks at, from which on it ends its page.
inline constexpr std::size_t kExaminedMax = 2'000;

// Rows that one index has in order (index_for() finds it). The query's limit does not count.
struct Stream {
  const Table* table;
  ListQuery query;
};

struct Candidate {
  std::size_t stream;  // its number
  Row row;
  ListQuery::After place;
};

// Where a row stands in its list.
ListQuery::After place_of(const Table& table, const Row& row);

const Cell& cell_of(const Table& table, const Row& row, std::string_view column);

// Is the place behind the query's `after`, and between its since and until?
bool is_between(const ListQuery::After& place, const ListQuery& query);

bool passes(const Table& table, const Row& row, const std::vector<ColumnFilter>& filters);

// The rows of several streams of one order, merged. Rows of equal place come in the order of the streams.
class Scan {
 public:
  // Borrows the store.
  Scan(Store& store, std::vector<Stream> streams);
  // Of rows that are at hand: one stream, put into order here.
  static Scan of_rows(Store& store, const Table& table, ListOrder order, std::vector<Row> rows);

  // Up to `count` more; fewer when these are the last. Blocks on the store, whose errors are its own.
  Result<std::vector<Candidate>> next(std::size_t count);

  // Where the next `count` rows end; nullopt when there are fewer. They are still to come from next().
  Result<std::optional<ListQuery::After>> reach(std::size_t count);

 private:
  struct Source {
    Stream stream;
    std::deque<Candidate> rows{};
    bool ended = false;
  };

  void add(std::size_t number, std::vector<Row> rows);
  Status fill(std::size_t number, std::size_t count);
  Status merge(std::size_t count);

  Store* store_;
  std::vector<Source> sources_;
  std::deque<Candidate> merged_;
};

using Way = std::vector<Stream>;

struct ChosenWay {
  std::size_t way;  // its number
  Scan scan;
};

// Of several ways to the same page, the one that gets furthest with few rows. Not empty; each
// way leads past all rows that belong on the page, and every row has still to be tried on the
// filters that its way does not follow.
Result<ChosenWay> furthest(Store& store, const std::vector<Way>& ways);

// The ways to the rows that pass the query's filters: one for each filter that an index follows, else all rows. Where
// the query says `only`, these are the rows that it says, and are a way in any case; a filter has to say the same.
std::vector<Way> ways_to(const Table& table, const ListQuery& query);

}  // namespace penstock::admin
