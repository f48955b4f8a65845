#include <algorithm>
#include <map>

#include "common/core/utf8.h"
#include "common/crypto/crypto.h"
#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/stored.h"
#include "workers/deliveries/envelope.h"
#include "workers/domain/state/event_rows.h"
#include "workers/domain/state/payment_rows.h"
#include "workers/runtime/incoming.h"

namespace penstock::admin {
namespace {

constexpr std::size_t kScopesMax = 10'000;  // of events, in which an id is looked for
constexpr std::size_t kKeysMax = 100;       // that an ambiguous id is answered with

void encode_event_members(json::Writer& out, const InboxRow& row) {
  out.key("key").string(row.key.value).key("type").string(row.type).key("source").string(row.source);
  json::encode(out.key("received_at"), row.received_at);
  json::encode(out.key("outcome"), row.outcome);
  json::encode(out.key("reason"), row.reason);
  out.key("attempts")
      .integer(row.attempts)
      .key("deliveries")
      .integer(row.deliveries)
      .key("topic")
      .string(row.topic);
  out.key("partition").integer(row.partition).key("offset").integer(row.offset);
  json::encode(out.key("entity"), row.entity);
}

void encode_event(json::Writer& out, const Stored<InboxRow>& stored) {
  out.begin_object();
  encode_event_members(out, stored.row);
  out.end_object();
}

void encode_parked(json::Writer& out, const Stored<InboxRow>& stored) {
  const InboxRow& row = stored.row;
  out.begin_object()
      .key("key")
      .string(row.key.value)
      .key("type")
      .string(row.type)
      .key("topic")
      .string(row.topic);
  json::encode(out.key("reason"), row.reason);
  json::encode(out.key("error_class"), row.error_class);
  json::encode(out.key("message"), row.message);
  out.key("attempts").integer(row.attempts);
  json::encode(out.key("parked_at"), stored.stamp.updated_at);
  out.end_object();
}

void encode_alert(json::Writer& out, const Stored<Alert>& stored) {
  out.begin_object();
  json::encode_members(out, stored.row);
  encode_stamp(out, added_by(stored.row.event, stored.stamp));
  out.end_object();
}

// An object; of fields with one name the first. A value that is no text is left out.
void encode_headers(json::Writer& out, const Headers& headers) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, value] : headers)
    if (is_utf8(name) && is_utf8(value)) texts.emplace(name, value);
  json::encode(out, texts);
}

// The raw text as a string, and what is no text in base64 beside it.
void encode_record(json::Writer& out, const std::optional<StoredRecord>& record) {
  if (!record) {
    out.key("headers").null().key("body").null();
    return;
  }
  encode_headers(out.key("headers"), record->headers);
  if (is_utf8(record->value))
    out.key("body").string(record->value);
  else
    out.key("body").null().key("body_base64").string(crypto::to_base64(record->value));
}

void encode_outbound(json::Writer& out, const std::vector<Stored<OutboxRow>>& sent) {
  out.key("outbound").begin_array();
  for (const auto& [row, stamp] : sent) {
    out.begin_object().key("id").string(envelope_id(row.id)).key("type").string(row.type);
    json::encode(out.key("app"), row.app);
    out.end_object();
  }
  out.end_array();
}

const ColumnFilter* find_filter(const ListQuery& query, std::string_view column) {
  const auto found = std::find_if(query.filters.begin(), query.filters.end(),
                                  [&](const ColumnFilter& filter) { return filter.column == column; });
  return found == query.filters.end() ? nullptr : &*found;
}

// An object has few events as a rule. No index has them in order, so they are read whole; nullopt when they
// are more than a page may look at.
Result<std::optional<Scan>> scan_entity(Store& store, const ListQuery& query) {
  const ColumnFilter* entity = find_filter(query, "entity");
  if (entity == nullptr) return std::nullopt;
  const Table& inbox = table_of<InboxRow>();
  TRY(auto rows, store.list(inbox, {.filters = {*entity}, .order = ListOrder::none, .limit = kExaminedMax}));
  if (rows.size() == kExaminedMax) return std::nullopt;
  std::erase_if(rows, [&](const Row& row) { return !is_between(place_of(inbox, row), query); });
  return Scan::of_rows(store, inbox, query.order, std::move(rows));
}

Result<Scan> scan_events(Store& store, const ListQuery& query) {
  TRY(auto of_entity, scan_entity(store, query));
  if (of_entity) return *std::move(of_entity);
  TRY(auto chosen, furthest(store, ways_to(table_of<InboxRow>(), query)));
  return std::move(chosen.scan);
}

// Why an event was parked leads to it too.
std::vector<Way> ways_to_parked(const ListQuery& query) {
  auto ways = ways_to(table_of<InboxRow>(), query);
  if (const ColumnFilter* reason = find_filter(query, "reason")) {
    ListQuery parked = query;
    parked.filters = {*reason};
    parked.only = kParkedOnly;
    ways.push_back({{&table_of<InboxRow>(), std::move(parked)}});
  }
  return ways;
}

// The event of that key, else those that have it for their id, under whatever scope.
Result<std::vector<Stored<InboxRow>>> events_named(Store& store, const std::string& name) {
  TRY(auto of_key, read_rows<InboxRow>(store, {name}));
  if (!of_key.empty()) return of_key;
  TRY(const auto scopes, store.key_scopes(table_of<InboxRow>(), kScopesMax));
  std::vector<std::string> keys;
  for (const auto& scope : scopes) keys.push_back(make_event_key(scope, name).value);
  return read_rows<InboxRow>(store, keys);
}

http::Response several(const std::vector<Stored<InboxRow>>& events) {
  auto response = http::problem(409, "ambiguous", "several events have this id: ask for one of `keys`");
  for (const auto& [row, stamp] : events) response.problem->keys.push_back(row.key.value);
  auto& keys = response.problem->keys;
  std::sort(keys.begin(), keys.end());
  if (keys.size() > kKeysMax) keys.resize(kKeysMax);
  return response;
}

Result<http::Response> show_event(const Context& context, const http::Request& request,
                                  const Stored<InboxRow>& found) {
  const auto record = read_record(context.log, found.row);
  if (!record) return failure_response(request, context.log_address, record.error());
  TRY(const auto sent, rows_with<OutboxRow>(context.store, {{"event", found.row.key.value}}));
  json::Writer out;
  out.begin_object();
  encode_event_members(out, found.row);
  json::encode(out.key("error_class"), found.row.error_class);
  json::encode(out.key("message"), found.row.message);
  encode_record(out, record.value());
  json::encode(out.key("touched"), found.row.touched);
  encode_outbound(out, sent);
  out.end_object();
  return json_response(std::move(out));
}

}  // namespace

Result<http::Response> list_events(const Context& context, const Request& request) {
  ListQuery query;
  QueryReader in(request);
  in.filter("type", query);
  in.filter("source", query);
  in.filter("entity", query);
  if (const auto outcome = in.word<Outcome>("outcome"))
    query.filters.push_back({"outcome", std::string(to_string(*outcome))});
  query.since = in.time("since");
  query.until = in.time("until");
  in.page("events", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(auto scan, scan_events(context.store, query));
  TRY(const auto page, read_page<InboxRow>(std::move(scan), "events", query));
  return page_response(page, encode_event);
}

Result<http::Response> get_event(const Context& context, const Request& request) {
  QueryReader in(request);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto events, events_named(context.store, std::string(request.parameter("key"))));
  if (events.empty()) return not_found("event");
  if (events.size() > 1) return several(events);
  return show_event(context, request, events.front());
}

Result<http::Response> list_parked(const Context& context, const Request& request) {
  ListQuery query;
  query.filters = {{"outcome", std::string(to_string(Outcome::parked))}};
  QueryReader in(request);
  in.filter("type", query);
  in.filter("reason", query);
  in.page("parked", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(auto chosen, furthest(context.store, ways_to_parked(query)));
  TRY(const auto page, read_page<InboxRow>(std::move(chosen.scan), "parked", query));
  return page_response(page, encode_parked);
}

Result<http::Response> list_alerts(const Context& context, const Request& request) {
  ListQuery query;
  QueryReader in(request);
  in.filter("kind", query);
  in.filter("subject", query);
  in.page("alerts", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto page, read_page<Alert>(context.store, "alerts", query));
  return page_response(page, encode_alert);
}

}  // namespace penstock::admin
