#include "workers/deliveries/publish.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "workers/deliveries/endpoints.h"
#include "workers/domain/state/outbound_rows.h"

namespace penstock {

// Sets OutboxRow::published of a row that is there.
struct OutboxMark {
  std::string id;
  bool published = true;
};
BOOST_DESCRIBE_STRUCT(OutboxMark, (), (id, published))
template <>
struct TableName<OutboxMark> {
  static constexpr TableTraits traits{.name = "outbox", .mode = WriteMode::amend};
};

// What there is to know of an OutboxRow to publish it: not its data, of which five hundred may be large.
struct NewEvent {
  std::string id;
  std::string type;
  std::string org;
  std::optional<std::string> app;
};
BOOST_DESCRIBE_STRUCT(NewEvent, (), (id, type, org, app))
template <>
struct TableName<NewEvent> {
  static constexpr TableTraits traits = TableName<OutboxRow>::traits;
};

namespace {

const std::string kHead = "feed";
// Of one transaction, so that it holds nobody up for long; one event may make a few more.
constexpr std::size_t kDeliveriesMax = 5'000;
constexpr std::string_view kPublisher = "feed";

template <class R>
struct Loaded {
  R row;
  std::int64_t rev = 0;
  RowStamp stamp;
};

Result<Loaded<FeedHead>> head_in(const std::vector<Row>& rows) {
  if (rows.empty()) return Loaded<FeedHead>{{kHead, 0, {}}, 0, {}};
  TRY(auto row, from_row<FeedHead>(rows.front()));
  return Loaded<FeedHead>{std::move(row), rows.front().rev, rows.front().stamp};
}

Result<std::vector<Row>> unpublished_rows(Store& store, std::size_t at_most) {
  ListQuery query;
  query.only = kUnpublishedOnly;
  query.order = ListOrder::oldest_first;
  query.limit = at_most;
  return store.list(table_of<NewEvent>(), query);
}

Result<std::vector<NewEvent>> unpublished(Store& store) {
  TRY(const auto rows, unpublished_rows(store, kPublishedMax));
  std::vector<NewEvent> events;
  for (const auto& row : rows) {
    TRY(auto event, from_row<NewEvent>(row));
    events.push_back(std::move(event));
  }
  return events;
}

class Publication {
 public:
  Publication(StoreBatch& transaction, const registry::Snapshot& settings, Timestamp now)
      : transaction_(transaction), settings_(settings), now_(now) {}

  // Says how many it has published: all of them, unless that makes too many deliveries at once.
  Result<std::size_t> run(Loaded<FeedHead> head, const std::vector<NewEvent>& events) {
    std::size_t published = 0;
    head.row.published_at = std::max(head.row.published_at, now_);
    for (const auto& event : events) {
      if (deliveries_.rows.size() >= kDeliveriesMax) break;
      ++published;
      const std::string place = feed_place(++head.row.place);
      const std::string reader = event.app ? app_endpoint(*event.app) : event.org;
      add(feed_, FeedEvent{place, reader, event.type, event.id, head.row.published_at});
      add(marks_, OutboxMark{event.id});
      for (auto& endpoint : endpoints_of(settings_, event.org, event.type, event.app))
        add_delivery(place, std::move(endpoint), event);
    }
    TRY_STATUS(wake_endpoints());
    change(head_, head.row, head.rev, head.stamp);
    const TableRows changes[] = {head_, endpoints_, deliveries_, feed_, marks_};
    TRY_STATUS(transaction_.commit(changes));
    return published;
  }

 private:
  template <class R>
  void add(TableRows& to, R row) {
    to.rows.push_back({to_cells(std::move(row)), 0, {now_, now_, std::string(kPublisher)}});
  }
  template <class R>
  void change(TableRows& of, R row, std::int64_t rev, RowStamp stamp) {
    if (rev == 0) stamp.created_at = now_;
    stamp.updated_at = now_;
    stamp.updated_by = kPublisher;
    of.rows.push_back({to_cells(std::move(row)), rev, std::move(stamp)});
  }

  void add_delivery(const std::string& place, std::string endpoint, const NewEvent& event) {
    add(deliveries_, Delivery{.id = place + "@" + endpoint,
                              .endpoint = endpoint,
                              .org = event.org,
                              .event = event.id,
                              .type = event.type,
                              .due_at = now_});
    woken_.insert(std::move(endpoint));
  }

  // Each is written, also one that is leased or due: its revision says that there may be more (dispatcher.cpp).
  Status wake_endpoints() {
    if (woken_.empty()) return ok();
    const TableKeys wanted{endpoints_.table, {woken_.begin(), woken_.end()}};
    TRY(const auto answered, transaction_.load(std::span(&wanted, 1)));
    for (const auto& stored : answered.front().rows) {
      TRY(auto endpoint, from_row<DeliveryEndpoint>(stored));
      woken_.erase(endpoint.id);
      wake(endpoint, now_);
      change(endpoints_, std::move(endpoint), stored.rev, stored.stamp);
    }
    for (const auto& id : woken_) add(endpoints_, DeliveryEndpoint{.id = id, .due_at = now_});
    return ok();
  }

  StoreBatch& transaction_;
  const registry::Snapshot& settings_;
  const Timestamp now_;
  std::set<std::string> woken_;
  // In the order in which every publisher writes them.
  TableRows head_{&table_of<FeedHead>(), {}}, endpoints_{&table_of<DeliveryEndpoint>(), {}},
      deliveries_{&table_of<Delivery>(), {}}, feed_{&table_of<FeedEvent>(), {}},
      marks_{&table_of<OutboxMark>(), {}};
};

}  // namespace

// 19 digits: in the order of the numbers as texts, too.
std::string feed_place(std::int64_t place) {
  std::string digits = std::to_string(place);
  return std::string(19 - digits.size(), '0') + digits;
}

Result<std::int64_t> last_place(Store& store) {
  const std::vector<std::string> keys{kHead};
  TRY(const auto rows, store.read(table_of<FeedHead>(), keys));
  TRY(const auto head, head_in(rows));
  return head.row.place;
}

Result<Unpublished> count_unpublished(Store& store, std::size_t at_most) {
  TRY(const auto rows, unpublished_rows(store, at_most));
  if (rows.empty()) return Unpublished{};
  return Unpublished{rows.size(), rows.front().stamp.created_at};
}

Result<std::size_t> publish_events(Store& store, const registry::Snapshot& settings, const Clock& clock) {
  TRY(auto events, unpublished(store));
  if (events.empty()) return std::size_t{0};  // mostly so, and with one look
  const TableKeys wanted{&table_of<FeedHead>(), {kHead}, true};
  TRY(const auto before, store.read(*wanted.table, wanted.keys));
  TRY(const auto seen, head_in(before));
  TRY(events, unpublished(store));  // none of them was published by the time of that head
  TRY(auto transaction, store.begin());
  TRY(const auto answered, transaction->load(std::span(&wanted, 1)));
  TRY(auto head, head_in(answered.front().rows));
  if (head.rev != seen.rev) return std::size_t{0};  // somebody publishes these, or has
  Publication publication(*transaction, settings, clock.now());
  return publication.run(std::move(head), events);
}

}  // namespace penstock
