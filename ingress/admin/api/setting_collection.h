// Settings that an org has several of under one key (registry::Workflows, registry::WebhookConfigs): they are few, sorted by id, and
// read and changed as a whole. `All` is {org, all}, its items have `id` and the stamp's members.
#pragma once

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "ingress/admin/api/setting_resource.h"

namespace penstock::admin {

// Those of the org; none where it has none.
template <class All>
Result<All> read_collection(const Context& context, const std::string& org) {
  TRY(const auto stored, read_setting(context.settings, registry::make_key<All>(org)));
  return stored ? std::get<All>(stored->value) : All{org, {}};
}

// Where the item of that id is, or belongs.
template <class Item>
auto place_of(std::vector<Item>& items, std::string_view id) {
  return std::lower_bound(items.begin(), items.end(), id,
                          [](const Item& each, std::string_view wanted) { return each.id < wanted; });
}

// nullptr: there is none.
template <class Item>
Item* find_item(std::vector<Item>& items, std::string_view id) {
  const auto place = place_of(items, id);
  return place != items.end() && place->id == id ? &*place : nullptr;
}

// The item in the place of the one of its id, whose creation it keeps.
template <class Item>
void put_item(std::vector<Item>& items, Item item) {
  if (Item* known = find_item(items, item.id)) {
    item.created_at = known->created_at;
    *known = std::move(item);
  } else {
    items.insert(place_of(items, item.id), std::move(item));
  }
}

// Error: not_found.
template <class All>
Result<std::optional<registry::Values>> without_item(const std::optional<registry::Values>& now,
                                                     std::string_view id) {
  if (!now) return Error{ErrorCode::not_found, {}};
  All next = std::get<All>(*now);
  const auto place = place_of(next.all, id);
  if (place == next.all.end() || place->id != id) return Error{ErrorCode::not_found, {}};
  next.all.erase(place);
  return next.all.empty() ? std::optional<registry::Values>()
                          : std::optional<registry::Values>(std::move(next));
}

// Deletes the item of that id: 204.
template <class All>
Result<http::Response> delete_item(const Context& context, const Request& request, std::string_view what) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  bool is_there = true;
  auto changed = change_setting(context, change_of<All>(request, request.org, "delete"),
                                [&](const std::optional<registry::Values>& now) {
                                  auto next = without_item<All>(now, request.parameter("id"));
                                  is_there = next.has_value();
                                  return next;
                                });
  if (!is_there) return not_found(what);
  if (!changed) return changed.error();
  if (changed.value()) return *std::move(changed).value();
  return http::Response{.status = 204};
}

// The page of them that the query asks for, named `list` in its cursor.
template <class Item>
Page<Item> page_of(std::vector<Item> all, const ListQuery& query, std::string_view list) {
  const auto listed_at = [](const Item& item) { return ListQuery::After{item.created_at, item.id}; };
  const bool ascending = query.order == ListOrder::oldest_first;
  const auto before = [&](const ListQuery::After& a, const ListQuery::After& b) {
    const auto left = std::tie(a.at, a.key), right = std::tie(b.at, b.key);
    return ascending ? left < right : right < left;
  };
  std::sort(all.begin(), all.end(),
            [&](const Item& a, const Item& b) { return before(listed_at(a), listed_at(b)); });
  if (query.after)
    std::erase_if(all, [&](const Item& each) { return !before(*query.after, listed_at(each)); });
  Page<Item> page;
  const bool ends = all.size() <= query.limit;
  if (!ends) all.resize(query.limit);
  if (!ends) page.next_cursor = make_cursor(list, query.order, {listed_at(all.back())});
  page.rows = std::move(all);
  return page;
}

}  // namespace penstock::admin
