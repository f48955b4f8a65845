#include <charconv>
#include <memory>

#include "common/config/values.h"
#include "common/workflows/workflow.h"
#include "ingress/admin/api/event_patterns.h"
#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/stored.h"
#include "workers/deliveries/pending.h"
#include "workers/deliveries/publish.h"
#include "workers/domain/state/outbound_rows.h"

namespace penstock::admin {
namespace {

constexpr std::string_view kList = "feed";
constexpr Milliseconds kWaitMax = std::chrono::seconds{60};
// Of one answer: the bodies of all events together, where there is more than one, and the events that are passed over.
constexpr std::size_t kAnswerBytesMax = 4 * 1024 * 1024;
constexpr std::size_t kExaminedEventsMax = 2'000;
constexpr std::size_t kPieceEvents = 100;

struct FeedRequest {
  std::string org;
  std::vector<std::string> types;
  std::optional<ListQuery::After> after;
  std::size_t limit = 0;
  Milliseconds until{};  // by Clock::uptime()
};

struct FeedPage {
  std::vector<std::string> envelopes;
  std::size_t bytes = 0;
  std::optional<ListQuery::After> after;
  bool ended = false;  // there was nothing more
};

std::vector<std::string> read_types(QueryReader& in) {
  const auto given = in.text("types");
  std::vector<std::string> types;
  for (std::size_t at = 0; given && at <= given->size();) {
    const auto comma = std::min(given->find(',', at), given->size());
    types.push_back(given->substr(at, comma - at));
    if (!is_event_pattern(types.back())) {
      in.refuse("types", kEventPatternRule);
      break;
    }
    at = comma + 1;
  }
  return types;
}

Milliseconds read_wait(QueryReader& in) {
  const auto given = in.text("wait");
  if (!given) return Milliseconds{0};
  const auto wait = parse_duration(*given);
  if (wait && wait.value() <= kWaitMax) return wait.value();
  in.refuse("wait", "must be a duration of 60s at most, such as 30s or 500ms");
  return Milliseconds{0};
}

// The query's cursor is called `after` here, and it knows one order.
FeedRequest read_request(QueryReader& in, const Context& context, const Request& request) {
  FeedRequest read;
  read.org = request.org;
  read.types = read_types(in);
  read.limit = in.limit();
  read.until = context.clock.uptime() + read_wait(in);
  const auto given = in.optional("after");
  if (!given || given->empty()) return read;
  if (const auto cursor = read_cursor(kList, ListOrder::oldest_first, *given))
    read.after = cursor->last;
  else
    in.refuse("after", "is no next_after of this feed");
  return read;
}

bool is_full(const FeedRequest& request, const FeedPage& page) {
  return page.envelopes.size() == request.limit || page.bytes >= kAnswerBytesMax;
}

// Adds the events of a piece that are asked for, until the page is full.
Status add_piece(Store& store, const FeedRequest& request, const std::vector<FeedEvent>& piece,
                 FeedPage& page) {
  std::vector<std::string> events;
  const auto is_asked_for = [&](const FeedEvent& each) {
    return request.types.empty() || is_subscribed(request.types, each.type);
  };
  for (const auto& each : piece)
    if (is_asked_for(each)) events.push_back(each.event);
  auto messages = events.empty() ? Result<Messages>(Messages{}) : read_messages(store, events);
  if (!messages) return messages.error();
  for (const auto& each : piece) {
    if (is_full(request, page)) return ok();
    page.after = {each.published_at, each.place};
    const auto message = messages.value().find(each.event);
    if (message == messages.value().end()) continue;
    page.bytes += message->second.body.size();
    page.envelopes.push_back(std::move(message->second.body));
  }
  page.ended = piece.size() < kPieceEvents;
  return ok();
}

Result<FeedPage> read_feed(Store& store, const FeedRequest& request) {
  FeedPage page;
  page.after = request.after;
  ListQuery query;
  query.filters = {{"reader", request.org}};
  query.order = ListOrder::oldest_first;
  query.limit = kPieceEvents;
  for (std::size_t examined = 0; examined < kExaminedEventsMax && !page.ended; examined += kPieceEvents) {
    query.after = page.after;
    TRY(const auto rows, store.list(table_of<FeedEvent>(), query));
    std::vector<FeedEvent> piece;
    for (const auto& row : rows) {
      TRY(auto event, from_row<FeedEvent>(row));
      piece.push_back(std::move(event));
    }
    TRY_STATUS(add_piece(store, request, piece, page));
    if (is_full(request, page)) break;
  }
  return page;
}

http::Response answer_of(const FeedPage& page) {
  json::Writer out;
  out.begin_object().key("data").begin_array();
  for (const auto& envelope : page.envelopes) out.raw(envelope);
  const std::string next =
      page.after ? make_cursor(kList, ListOrder::oldest_first, {*page.after}) : std::string();
  out.end_array().key("next_after").string(next).end_object();
  return json_response(std::move(out));
}

void answer(const Context& context, const std::shared_ptr<FeedRequest>& request, const Reply& reply) {
  const auto place =
      last_place(context.store);  // before the feed is read: what comes meanwhile is another place
  if (!place) return reply(place.error());
  auto page = read_feed(context.store, *request);
  if (!page) return reply(page.error());
  const bool waits = page.value().envelopes.empty() && page.value().ended &&
                     context.clock.uptime() < request->until && !context.feed.ended();
  if (!waits) return reply(answer_of(page.value()));
  request->after = page.value().after;
  const bool taken = context.feed.wait({request->org, request->types, place.value(), request->until,
                                        [&context, request, reply] { answer(context, request, reply); }});
  if (!taken)
    reply(http::problem_with_retry(503, "overloaded", "too many wait for the feed", std::chrono::seconds{1}));
}

}  // namespace

void get_feed(const Context& context, const std::shared_ptr<const Request>& request, const Reply& reply) {
  QueryReader in(*request);
  const auto read = std::make_shared<FeedRequest>(read_request(in, context, *request));
  if (auto refusal = in.refusal()) return reply(*std::move(refusal));
  answer(context, read, reply);
}

}  // namespace penstock::admin
