// What StoreAdmin::prune_outbound() deletes, in SQL that PostgreSQL and SQLite both take.
#pragma once

#include <string_view>

namespace penstock::sql {

struct Pruning {
  std::string_view text;  // $1: rows of before then; answers a row for each that it has deleted
  bool of_attempts;       // which of the two moments $1 is
};

// Of each table the oldest rows of one piece, found by keys that are in the order of time. In one transaction: an event goes with its
// place in the feed, and after its deliveries.
inline constexpr std::size_t kPrunedAtOnce = 500;
inline constexpr Pruning kPrunings[] = {
    {"DELETE FROM delivery_attempts WHERE id IN (SELECT id FROM (SELECT id, created_at FROM "
     "delivery_attempts "
     "ORDER BY id LIMIT 500) AS oldest WHERE created_at < $1) RETURNING 1",
     true},
    {"DELETE FROM deliveries WHERE id IN (SELECT id FROM (SELECT id, created_at FROM deliveries "
     "ORDER BY id LIMIT 500) AS oldest WHERE created_at < $1) RETURNING 1",
     false},
    {"DELETE FROM outbox WHERE id IN (SELECT event FROM (SELECT event, published_at FROM feed "
     "ORDER BY place LIMIT 500) AS oldest WHERE published_at < $1) RETURNING 1",
     false},
    {"DELETE FROM feed WHERE place IN (SELECT place FROM (SELECT place, published_at FROM feed "
     "ORDER BY place LIMIT 500) AS oldest WHERE published_at < $1) RETURNING 1",
     false},
};

}  // namespace penstock::sql
