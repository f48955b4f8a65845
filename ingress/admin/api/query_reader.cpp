#include "ingress/admin/api/query_reader.h"

#include <algorithm>
#include <charconv>

namespace penstock::admin {
namespace {

constexpr std::size_t kLimitDefault = 50;
constexpr std::size_t kLimitMax = 500;

}  // namespace

std::optional<std::string> QueryReader::single(std::string_view name) {
  known_.emplace_back(name);
  std::optional<std::string> value;
  for (const auto& [parameter, text] : request_.query_parameters) {
    if (parameter != name) continue;
    if (value) problems_.refuse(name, "is given more than once");
    value = text;
  }
  return value;
}

std::optional<std::string> QueryReader::text(std::string_view name) {
  auto value = single(name);
  if (value && value->empty()) problems_.refuse(name, "is empty");
  return value;
}

std::optional<Timestamp> QueryReader::time(std::string_view name) {
  const auto given = text(name);
  if (!given) return std::nullopt;
  const auto at = parse_rfc3339(*given);
  if (!at) problems_.refuse(name, "must be an RFC 3339 time such as 2025-07-25T17:12:41Z");
  return at;
}

std::optional<bool> QueryReader::boolean(std::string_view name) {
  const auto given = text(name);
  if (given && *given != "true" && *given != "false") problems_.refuse(name, "must be true or false");
  return given ? std::optional(*given == "true") : std::nullopt;
}

std::size_t QueryReader::limit() {
  const auto given = text("limit");
  if (!given) return kLimitDefault;
  std::size_t limit = 0;
  const char* const last = given->data() + given->size();
  const auto [end, error] = std::from_chars(given->data(), last, limit);
  if (error == std::errc{} && end == last && limit >= 1 && limit <= kLimitMax) return limit;
  problems_.refuse("limit", "must be a whole number from 1 to 500");
  return kLimitDefault;
}

ListOrder QueryReader::order() {
  const auto given = text("order");
  if (given && *given != "asc" && *given != "desc") problems_.refuse("order", "must be one of: asc desc");
  return given == "asc" ? ListOrder::oldest_first : ListOrder::newest_first;
}

void QueryReader::page(std::string_view list, ListQuery& query) {
  query.limit = limit();
  query.order = order();
  const auto given = single("cursor");
  if (!given || given->empty()) return;
  cursor_ = read_cursor(list, query.order, *given);
  if (!cursor_) return problems_.refuse("cursor", "is no cursor of this list in this order");
  query.after = cursor_->last;
}

void QueryReader::filter(std::string_view column, ListQuery& query) {
  if (auto value = text(column)) query.filters.push_back({column, *std::move(value)});
}

std::optional<http::Response> QueryReader::refusal() {
  for (const auto& [name, value] : request_.query_parameters)
    if (std::find(known_.begin(), known_.end(), name) == known_.end())
      problems_.refuse(name, "is no parameter of this resource");
  return problems_.refusal();
}

}  // namespace penstock::admin
