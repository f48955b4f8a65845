#include "workers/domain/state/view.h"

#include <algorithm>
#include <unordered_set>

namespace penstock {
namespace {

template <class Tuple, class Visit>
void for_each_table(Tuple& tables, Visit&& visit) {
  std::apply([&](auto&... each) { (visit(each), ...); }, tables);
}

template <class R>
Row stored_row(const R& row, std::int64_t rev, RowStamp stamp) {
  return Row{to_cells(row), rev, std::move(stamp)};
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

Status View::take(const std::vector<TableKeys>& asked, const std::vector<TableRows>& answered) {
  Status taken = ok();
  for_each_table(state_, [&]<class R>(Slots<R>& table) {
    for (const auto& keys : asked) {
      if (keys.table != &table_of<R>()) continue;
      table.by_key.reserve(table.by_key.size() + keys.keys.size());
      for (const auto& key : keys.keys) table.by_key.try_emplace(key);
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
  for_each_table(state_, [&]<class R>(Slots<R>& table) {
    for (auto& row : std::get<TypedRows<R>>(effects.changed).rows) {
      const auto slot = table.by_key.find(row_key(row));
      CHECK(slot != table.by_key.end());
      slot->second.row = std::move(row);
      slot->second.changed_by = event;
    }
  });
  for_each_table(added_, [&]<class R>(TypedRows<R>& table) {
    auto& rows = std::get<TypedRows<R>>(effects.added).rows;
    std::move(rows.begin(), rows.end(), std::back_inserter(table.rows));
  });
}

template <class R>
Timestamp View::added_at(const std::string& key, Timestamp otherwise) const {
  const auto slot = slots<R>().find(key);
  return slot == slots<R>().end() || slot->second.rev == 0 ? otherwise : slot->second.stamp.created_at;
}

// An intent that is new here may be of a session or charge that is not.
Timestamp View::intent_heard_of(const std::string& key, Timestamp now) const {
  const auto slot = slots<PaymentIntent>().find(key);
  if (slot == slots<PaymentIntent>().end() || !slot->second.row) return now;
  if (slot->second.rev != 0) return slot->second.stamp.created_at;
  const PaymentIntent& intent = *slot->second.row;
  const Scope scope = scope_of(intent);
  Timestamp earliest = now;
  for (const auto& id : intent.sessions)
    earliest = std::min(earliest, added_at<CheckoutSession>(scope.key(id), now));
  for (const auto& id : intent.charges) earliest = std::min(earliest, added_at<Charge>(scope.key(id), now));
  return earliest;
}

template <class R>
Timestamp View::heard_of(const R& row, Timestamp now) const {
  if constexpr (std::is_same_v<R, PaymentIntent>)
    return intent_heard_of(row.key, now);
  else if constexpr (std::is_same_v<R, CheckoutSession> || std::is_same_v<R, Charge>)
    return row.payment_intent ? intent_heard_of(scope_of(row).key(*row.payment_intent), now) : now;
  else
    return now;
}

std::vector<TableRows> View::changes(Timestamp now) const {
  std::vector<TableRows> changes;
  for_each_table(state_, [&]<class R>(const Slots<R>& table) {
    TableRows rows{&table_of<R>(), {}};
    for (const auto& [key, slot] : table.by_key) {
      if (!slot.changed_by) continue;
      const Timestamp created = slot.rev == 0 ? heard_of(*slot.row, now) : slot.stamp.created_at;
      rows.rows.push_back(stored_row(*slot.row, slot.rev, {created, now, slot.changed_by->value}));
    }
    if (!rows.rows.empty()) changes.push_back(std::move(rows));
  });
  for_each_table(added_, [&]<class R>(const TypedRows<R>& table) {
    TableRows rows{&table_of<R>(), {}};
    std::unordered_set<std::string> keys;  // two events of one batch may add the same alert
    for (const auto& row : table.rows)
      if (keys.insert(row_key(row)).second) rows.rows.push_back(stored_row(row, 0, {now, now, {}}));
    if (!rows.rows.empty()) changes.push_back(std::move(rows));
  });
  return changes;
}

}  // namespace penstock
