#include "workers/domain/state/view.h"

#include <algorithm>
#include <unordered_set>

namespace penstock {
namespace {

template <class Tuple, class Visit>
void for_each_table(Tuple& tables, Visit&& visit) {
  std::apply([&](auto&... each) { (visit(each), ...); }, tables);
}

}  // namespace

bool Reads::empty() const {
  bool none = true;
  for_each_table(wanted_, [&](const auto& table) { none = none && table.keys.empty(); });
  return none;
}

std::vector<TableKeys> Reads::by_table() && {
  std::vector<TableKeys> wanted;
  for_each_table(wanted_, [&]<class R>(TypedKeys<R>& table) {
    if (table.keys.empty()) return;
    std::sort(table.keys.begin(), table.keys.end());
    table.keys.erase(std::unique(table.keys.begin(), table.keys.end()), table.keys.end());
    wanted.push_back({&table_of<R>(), std::move(table.keys)});
  });
  return wanted;
}

void Effects::touch(std::string_view resource, const std::string& id) {
  TouchedRow row{std::string(resource), id};
  const auto place = std::lower_bound(touched.begin(), touched.end(), row);
  if (place == touched.end() || *place != row) touched.insert(place, std::move(row));
}

Status View::take(std::vector<TableKeys> asked, const std::vector<TableRows>& answered) {
  Status taken = ok();
  for_each_table(state_, [&]<class R>(Slots<R>& table) {
    for (auto& keys : asked) {
      if (keys.table != &table_of<R>()) continue;
      table.by_key.reserve(table.by_key.size() + keys.keys.size());
      for (auto& key : keys.keys) table.by_key.try_emplace(std::move(key));
    }
    for (const auto& rows : answered) {
      if (rows.table != &table_of<R>()) continue;
      for (const auto& stored : rows.rows) {
        auto row = from_row<R>(stored);
        if (!row) {
          taken = row.error();
          return;
        }
        auto& slot = table.by_key[row_key(row.value())];
        slot.row = std::move(row).value();
        slot.rev = stored.rev;
        slot.stamp = stored.stamp;
      }
    }
  });
  return taken;
}

void View::apply(Effects effects, const EventKey& event) {
  events_.push_back(event.value);
  for_each_table(state_, [&]<class R>(Slots<R>& table) {
    for (auto& row : std::get<TypedRows<R>>(effects.changed).rows) {
      const auto slot = table.by_key.find(row_key(row));
      CHECK(slot != table.by_key.end());
      slot->second.row = std::move(row);
      slot->second.changed_by = events_.size();
    }
  });
  for_each_table(added_, [&]<class R>(TypedRows<R>& table) {
    auto& rows = std::get<TypedRows<R>>(effects.added).rows;
    std::move(rows.begin(), rows.end(), std::back_inserter(table.rows));
  });
}

template <class R>
Timestamp View::added_at(const Scope& scope, const std::string& id, Timestamp otherwise) const {
  const auto slot = slots<R>().find(ScopedId{scope, id});
  return slot == slots<R>().end() || slot->second.rev == 0 ? otherwise : slot->second.stamp.created_at;
}

// An intent that is new here may be of a session or charge that is not.
Timestamp View::intent_heard_of(const Scope& scope, const std::string& intent_id, Timestamp now) const {
  const auto slot = slots<PaymentIntent>().find(ScopedId{scope, intent_id});
  if (slot == slots<PaymentIntent>().end() || !slot->second.row) return now;
  if (slot->second.rev != 0) return slot->second.stamp.created_at;
  const PaymentIntent& intent = *slot->second.row;
  Timestamp earliest = now;
  for (const auto& id : intent.sessions)
    earliest = std::min(earliest, added_at<CheckoutSession>(scope, id, now));
  for (const auto& id : intent.charges) earliest = std::min(earliest, added_at<Charge>(scope, id, now));
  return earliest;
}

template <class R>
Timestamp View::heard_of(const R& row, Timestamp now) const {
  if constexpr (std::is_same_v<R, PaymentIntent>)
    return intent_heard_of(scope_of(row), row.id, now);
  else if constexpr (std::is_same_v<R, CheckoutSession> || std::is_same_v<R, Charge>)
    return row.payment_intent ? intent_heard_of(scope_of(row), *row.payment_intent, now) : now;
  else
    return now;
}

Status View::write_changes(Timestamp now, const std::function<Status(const TableRows&)>& write) && {
  // All stamps before any row is taken out: rows tell of one another when they were heard of.
  for_each_table(state_, [&]<class R>(Slots<R>& table) {
    for (auto& [key, slot] : table.by_key)
      if (slot.changed_by != 0 && slot.rev == 0) slot.stamp.created_at = heard_of(*slot.row, now);
  });
  Status written = ok();
  const auto write_next = [&](const TableRows& rows) {
    if (written && !rows.rows.empty()) written = write(rows);
  };
  for_each_table(state_, [&]<class R>(Slots<R>& table) {
    TableRows rows{&table_of<R>(), {}};
    rows.rows.reserve(table.by_key.size());
    for (auto& [key, slot] : table.by_key) {
      if (slot.changed_by == 0) continue;
      rows.rows.push_back({to_cells(*std::move(slot.row)),
                           slot.rev,
                           {slot.stamp.created_at, now, events_[slot.changed_by - 1]}});
    }
    write_next(rows);
  });
  for_each_table(added_, [&]<class R>(TypedRows<R>& table) {
    TableRows rows{&table_of<R>(), {}};
    rows.rows.reserve(table.rows.size());
    // Two events of one batch may add the same: where the store would not see to that, the first is taken.
    std::unordered_set<std::string> keys;
    for (auto& row : table.rows)
      if (table_of<R>().mode == WriteMode::insert_once || keys.insert(row_key(row)).second)
        rows.rows.push_back({to_cells(std::move(row)), 0, {now, now, {}}});
    write_next(rows);
  });
  return written;
}

}  // namespace penstock
