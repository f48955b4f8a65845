#include <charconv>

#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/setting_collection.h"
#include "ingress/admin/api/stored.h"
#include "ingress/admin/api/webhook_attempts.h"
#include "workers/deliveries/endpoints.h"
#include "workers/deliveries/envelope.h"
#include "workers/deliveries/pending.h"
#include "workers/deliveries/queue_again.h"
#include "workers/domain/state/outbound_rows.h"

namespace penstock::admin {
namespace {

constexpr std::string_view kList = "webhook_logs";
// Of one answer.
constexpr std::size_t kBodyBytesMax = 4 * 1024 * 1024;
constexpr std::size_t kBodiesReadAtOnce = 50;
// Of one recovery, in transactions of so many.
constexpr std::size_t kRecoveredMax = 100'000;
constexpr std::size_t kRecoveredAtOnce = 500;

bool is_status_class(std::string_view text) {
  return text.size() == 3 && text[0] >= '1' && text[0] <= '5' && text.substr(1) == "xx";
}

std::optional<std::int64_t> status_code_in(std::string_view text) {
  std::int64_t code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && code >= 100 && code <= 599 ? std::optional(code) : std::nullopt;
}

// A code (500), a class (5xx) or a word (succeeded, failed, pending).
void filter_by_status(QueryReader& in, ListQuery& query) {
  const auto given = in.text("status");
  if (!given) return;
  DeliveryStatus word{};
  if (is_status_class(*given))
    query.filters.push_back({"status_class", *given});
  else if (const auto code = status_code_in(*given))
    query.filters.push_back({"status_code", *code});
  else if (from_string(*given, word))
    query.filters.push_back({"status", *given});
  else
    in.refuse("status", "must be a code such as 500, a class such as 5xx, or succeeded, failed or pending");
}

// What was sent, the same on every attempt. A page whose bodies are larger than an answer may be ends sooner.
Result<Messages> read_bodies(Store& store, ListOrder order, Page<Stored<DeliveryAttempt>>& page) {
  Messages messages;
  std::size_t bytes = 0;
  for (std::size_t at = 0; at < page.rows.size(); at += kBodiesReadAtOnce) {
    std::vector<std::string> events;
    const std::size_t end = std::min(page.rows.size(), at + kBodiesReadAtOnce);
    for (std::size_t each = at; each < end; ++each)
      if (!messages.contains(page.rows[each].row.event)) events.push_back(page.rows[each].row.event);
    TRY(auto some, read_messages(store, events));
    messages.merge(some);
    for (std::size_t each = at; each < end; ++each) {
      const auto message = messages.find(page.rows[each].row.event);
      if (message != messages.end()) bytes += message->second.body.size();
      if (bytes < kBodyBytesMax || each + 1 == page.rows.size()) continue;
      page.rows.resize(each + 1);
      const auto& last = page.rows.back();
      page.next_cursor = make_cursor(kList, order, {{last.stamp.created_at, last.row.id}});
      return messages;
    }
  }
  return messages;
}

// What is asked of a recovery: everything that has failed since then.
std::optional<Timestamp> read_since(BodyReader& in) {
  const auto given = in.optional_text("since", kIdBytesMax);
  const auto since = given ? parse_rfc3339(*given) : std::nullopt;
  if (!since) in.refuse("since", "must be an RFC 3339 time such as 2025-07-25T17:12:41Z");
  return since;
}

}  // namespace

Result<http::Response> list_webhook_logs(const Context& context, const Request& request) {
  ListQuery query;
  QueryReader in(request);
  if (const auto config = in.text("config_id"))
    query.filters.push_back({"endpoint", config_endpoint(request.org, *config)});
  query.filters.push_back({"org", request.org});
  if (auto type = in.text("event_type")) query.filters.push_back({"type", *std::move(type)});
  filter_by_status(in, query);
  query.since = in.time("since");
  query.until = in.time("until");
  in.page(kList, query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(auto page, read_page<DeliveryAttempt>(context.store, kList, query));
  TRY(const auto messages, read_bodies(context.store, query.order, page));
  return page_response(page, [&](json::Writer& out, const auto& each) {
    const auto message = messages.find(each.row.event);
    encode_attempt(out, each.row, each.stamp.created_at,
                   message == messages.end() ? each.row.request_body : std::optional(message->second.body));
  });
}

Result<http::Response> resend_webhook(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  TRY(const auto found, read_row<DeliveryAttempt>(context.store, request.parameter("id")));
  if (!found || found->row.org != request.org) return not_found("webhook log");
  TRY(const auto queued,
      queue_again(context.store, context.clock, found->row.endpoint, {found->row.delivery}));
  if (queued == 0) return not_found("delivery");
  json::Writer out;
  out.begin_object()
      .key("event_id")
      .string(envelope_id(found->row.event))
      .key("config_id")
      .string(config_id_of(found->row));
  out.key("status").string("pending").end_object();
  auto response = json_response(std::move(out));
  response.status = 202;
  return response;
}

Result<http::Response> recover_webhook_config(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  BodyReader in(request);
  const auto since = read_since(in);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(auto configs, read_collection<registry::WebhookConfigs>(context, request.org));
  const auto id = request.parameter("id");
  if (find_item(configs.all, id) == nullptr) return not_found("webhook config");
  const std::string endpoint = config_endpoint(request.org, id);
  // What fails anew meanwhile is left: it would be queued again and again.
  const Timestamp until = context.clock.now() + Milliseconds{1};
  std::size_t queued = 0;
  bool more = true;
  while (more && queued < kRecoveredMax) {
    TRY(const auto failed, failed_between(context.store, endpoint, *since, until, kRecoveredAtOnce));
    more = failed.size() == kRecoveredAtOnce;
    if (failed.empty()) break;
    TRY(const auto some, queue_again(context.store, context.clock, endpoint, failed));
    queued += some;
  }
  json::Writer out;
  out.begin_object()
      .key("queued")
      .integer(static_cast<std::int64_t>(queued))
      .key("more")
      .boolean(more)
      .end_object();
  auto response = json_response(std::move(out));
  response.status = 202;
  return response;
}

}  // namespace penstock::admin
