// GET /v1/payments. A payment is stored nowhere: it is found through the rows that it is put together from,
// each of which an index has in order, and shown once, in the first of the streams that it is in. Invoices are the only
// ones that other orgs have.
#include <functional>

#include "common/core/check.h"
#include "ingress/admin/api/customers.h"
#include "ingress/admin/api/payment_reader.h"
#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/scopes.h"

namespace penstock::admin {
namespace {

struct Asked {
  std::optional<std::string> user;
  std::optional<std::string> customer;
  std::optional<PaymentStatus> status;
  AskedScope scope;
  ListQuery query;

  bool takes(const Payment& payment) const {
    return (!user || payment.user_id == user) && (!customer || payment.customer == customer) &&
           (!status || payment.status == *status);
  }
  bool is_default_org() const { return !scope.org; }
  // Nothing of another org's is of a customer or an account.
  bool has_none() const { return scope.org && (customer || scope.account); }
};

// A stream of rows, and which of a payment's rows is in it: its key, or nullptr.
struct PaymentStream {
  Stream stream;
  std::function<const std::string*(const PaymentRows&)> row_in;
};
using Streams = std::vector<PaymentStream>;

// One of the ways to the payments that are asked for. Each has an order of its own among payments of one
// time, so the pages of a list all go one way.
struct NamedWay {
  std::string name;
  Streams streams;
};

struct Condition {
  std::vector<ColumnFilter> filters{};
  std::string_view only{};
};

template <class R>
Stream stream_of(const Asked& asked, Condition condition) {
  ListQuery query = asked.query;
  query.filters = std::move(condition.filters);
  query.only = condition.only;
  return {&table_of<R>(), std::move(query)};
}

// `holds(row)` says of a row what the condition says to the store.
template <class Holds>
PaymentStream sessions(const Asked& asked, Condition condition, Holds holds) {
  return {stream_of<CheckoutSession>(asked, std::move(condition)), [=](const PaymentRows& rows) {
            return rows.session != nullptr && holds(*rows.session) ? &rows.session->key : nullptr;
          }};
}
template <class Holds>
PaymentStream intents(const Asked& asked, Condition condition, Holds holds) {
  return {stream_of<PaymentIntent>(asked, std::move(condition)), [=](const PaymentRows& rows) {
            return rows.intent != nullptr && holds(*rows.intent) ? &rows.intent->key : nullptr;
          }};
}
template <class Holds>
PaymentStream charges(const Asked& asked, Condition condition, Holds holds) {
  return {stream_of<Charge>(asked, std::move(condition)), [=](const PaymentRows& rows) {
            const std::string* found = nullptr;
            for (const Charge* charge : rows.charges)
              if (found == nullptr && holds(*charge)) found = &charge->key;
            return found;
          }};
}
template <class Holds>
PaymentStream invoices(const Asked& asked, Condition condition, Holds holds) {
  return {stream_of<Invoice>(asked, std::move(condition)), [=](const PaymentRows& rows) {
            return rows.invoice != nullptr && holds(*rows.invoice) ? &rows.invoice->key : nullptr;
          }};
}

constexpr auto kAny = [](const auto&) { return true; };
constexpr auto kNamesNoIntent = [](const auto& row) { return !row.payment_intent; };

// Sessions and charges of an intent are found with it.
Streams to_all(const Asked& asked) {
  if (!asked.is_default_org()) return {invoices(asked, {.filters = {{"org", *asked.scope.org}}}, kAny)};
  return {intents(asked, {}, kAny), sessions(asked, {.only = kWithoutIntent}, kNamesNoIntent),
          charges(asked, {.only = kWithoutIntent}, kNamesNoIntent),
          invoices(asked, {.only = kOfDefaultOrg}, kAny)};
}

// The session's customer is the payment's, else the intent's, else the charge's.
void add_customer(Streams& streams, const Asked& asked, const std::string& customer) {
  const Condition condition{.filters = {{"customer", customer}}};
  const auto holds = [=](const auto& row) { return row.customer == customer; };
  streams.push_back(sessions(asked, condition, holds));
  streams.push_back(intents(asked, condition, holds));
  streams.push_back(charges(asked, condition, holds));
}

// nullopt when the user has too many customers.
Result<std::optional<Streams>> to_user(Store& store, const Asked& asked, const std::string& user) {
  const Condition condition{.filters = {{"user_id", user}}};
  const auto holds = [=](const auto& row) { return row.user_id == user; };
  if (!asked.is_default_org()) return Streams{invoices(asked, condition, holds)};
  TRY(const auto customers, customers_of(store, user));
  if (!customers) return std::nullopt;
  Streams streams = {sessions(asked, condition, holds), intents(asked, condition, holds),
                     invoices(asked, condition, holds)};
  for (const auto& customer : *customers) add_customer(streams, asked, customer);
  return streams;
}

// Before any refund the status is the higher one of the session's and the intent's: one of them has it.
Streams to_shown(const Asked& asked, PaymentStatus status) {
  const ColumnFilter filter{"status", std::string(to_string(status))};
  const auto has_it = [=](const auto& row) { return row.status == status; };
  if (!asked.is_default_org()) return {invoices(asked, {.filters = {filter}}, has_it)};
  Streams streams = {sessions(asked, {.filters = {filter}}, has_it),
                     intents(asked, {.filters = {filter}, .only = kToldOrAlone}, [=](const auto& row) {
                       return row.status == status && (row.version || row.sessions.empty());
                     })};
  if (status == PaymentStatus::pending)
    streams.push_back(charges(asked, {.only = kWithoutIntent}, kNamesNoIntent));
  streams.push_back(invoices(asked, {.filters = {filter}}, has_it));
  return streams;
}

// nullopt for what most payments are.
std::optional<Streams> to_status(const Asked& asked, PaymentStatus status) {
  const auto is_refunded = [](const Charge& row) { return row.amount_refunded > MinorUnits{}; };
  const auto in_part = [](const Charge& row) { return row.amount && row.amount_refunded < *row.amount; };
  switch (status) {
    case PaymentStatus::paid:
      return std::nullopt;
    case PaymentStatus::partially_refunded:
      if (!asked.is_default_org()) return std::nullopt;
      return Streams{charges(asked, {.only = kRefundedInPart},
                             [=](const Charge& row) { return is_refunded(row) && in_part(row); })};
    case PaymentStatus::refunded:
      if (!asked.is_default_org()) return std::nullopt;
      return Streams{charges(asked, {.only = kRefundedInFull}, [=](const Charge& row) {
        return is_refunded(row) && row.amount && !in_part(row);
      })};
    case PaymentStatus::pending:
    case PaymentStatus::processing:
    case PaymentStatus::failed:
    case PaymentStatus::canceled:
    case PaymentStatus::expired:
      return to_shown(asked, status);
  }
  CHECK(false);
}

Result<std::vector<NamedWay>> ways_to(Store& store, const Asked& asked) {
  std::vector<NamedWay> ways;
  if (asked.user) {
    TRY(auto streams, to_user(store, asked, *asked.user));
    if (streams) ways.push_back({"user", *std::move(streams)});
  }
  if (asked.customer)
    add_customer(ways.emplace_back(NamedWay{"customer", {}}).streams, asked, *asked.customer);
  if (asked.status)
    if (auto streams = to_status(asked, *asked.status)) ways.push_back({"status", *std::move(streams)});
  // What leads to an org's rows alone may be shorter than what other orgs' rows stand in, too.
  if (ways.empty() || !asked.is_default_org()) ways.push_back({"all", to_all(asked)});
  return ways;
}

// Whose row a candidate is.
struct Origin {
  const Table* table;
  Scope scope;
  std::string id;
};

Origin origin_of(const Table& table, const Row& row) {
  Origin origin{&table, {.livemode = std::get<bool>(cell_of(table, row, "livemode"))}, {}};
  const bool is_invoice = &table == &table_of<Invoice>();
  const Cell& owner = cell_of(table, row, is_invoice ? "org" : "account");
  if (const auto* text = std::get_if<std::string>(&owner))
    (is_invoice ? origin.scope.org : origin.scope.account) = *text;
  origin.id = std::get<std::string>(cell_of(table, row, "id"));
  return origin;
}

void name_reads(const Origin& origin, const View& view, Reads& reads) {
  LinkedReads linked(view, origin.scope, reads);
  if (origin.table == &table_of<CheckoutSession>()) linked.want_session(origin.id);
  if (origin.table == &table_of<PaymentIntent>()) linked.want_intent(origin.id);
  if (origin.table == &table_of<Charge>()) linked.want_charge(origin.id);
  if (origin.table == &table_of<Invoice>()) linked.want<Invoice>(origin.id);
}

// The payments that the row belongs to, by id.
std::vector<PaymentRows> payments_at(const Origin& origin, const Draft& rows) {
  std::vector<PaymentRows> payments;
  const auto add = [&](std::optional<PaymentRows> found) {
    if (found) payments.push_back(*std::move(found));
  };
  if (origin.table == &table_of<CheckoutSession>()) add(rows_of_session(rows, origin.id));
  if (origin.table == &table_of<Charge>()) add(rows_of_charge(rows, origin.id));
  if (origin.table == &table_of<Invoice>()) add(rows_of_invoice(rows, origin.id));
  if (origin.table != &table_of<PaymentIntent>()) return payments;
  const auto sessions = sessions_of(rows, origin.id);
  for (const auto& session : sessions) add(rows_of_session(rows, session));
  if (sessions.empty()) add(rows_of_intent(rows, origin.id));
  return payments;
}

// The payments of a scan's rows that are asked for, each at one of its rows.
class PaymentFinder {
 public:
  PaymentFinder(Store& store, const Asked& asked, const Streams& streams)
      : reader_(store), asked_(asked), streams_(streams) {}

  Result<std::vector<Found<FoundPayment>>> find(const std::vector<Candidate>& candidates) {
    std::vector<Origin> origins;
    for (const auto& candidate : candidates)
      origins.push_back(origin_of(*streams_[candidate.stream].stream.table, candidate.row));
    TRY_STATUS(reader_.load([&](const View& view, Reads& reads) {
      for (const auto& origin : origins)
        if (asked_.scope.takes(origin.scope)) name_reads(origin, view, reads);
    }));
    std::vector<Found<FoundPayment>> found;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (!asked_.scope.takes(origins[i].scope)) continue;
      for (const auto& rows : payments_at(origins[i], reader_.rows_of(origins[i].scope))) {
        if (!is_shown_at(candidates[i], rows)) continue;
        auto one = reader_.payment_of(rows, origins[i].scope);
        if (!asked_.takes(one.payment)) continue;
        std::string id = one.payment.id;
        found.push_back({i, std::move(id), std::move(one)});
      }
    }
    return found;
  }

 private:
  bool is_shown_at(const Candidate& candidate, const PaymentRows& rows) const {
    for (std::size_t n = 0; n <= candidate.stream; ++n)
      if (const std::string* key = streams_[n].row_in(rows))
        return n == candidate.stream && *key == candidate.place.key;
    return false;
  }

  PaymentReader reader_;
  const Asked& asked_;
  const Streams& streams_;
};

Asked read_asked_payments(const Request& request, QueryReader& in) {
  Asked asked;
  asked.user = in.text("user");
  asked.customer = in.text("customer");
  asked.status = in.word<PaymentStatus>("status");
  asked.scope = asked_scope_of_org(request, in);
  asked.query.since = in.time("since");
  asked.query.until = in.time("until");
  in.page("payments", asked.query);
  return asked;
}

std::vector<Way> streams_of(const std::vector<NamedWay>& ways) {
  std::vector<Way> plain;
  for (const auto& [name, streams] : ways) {
    Way& way = plain.emplace_back();
    for (const auto& each : streams) way.push_back(each.stream);
  }
  return plain;
}

}  // namespace

Result<http::Response> list_payments(const Context& context, const Request& request) {
  QueryReader in(request);
  const Asked asked = read_asked_payments(request, in);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  const auto respond = [](const Page<FoundPayment>& page) {
    return page_response(page, [](json::Writer& out, const FoundPayment& found) {
      encode_resource(out, found.payment, found.stamp);
    });
  };
  if (asked.has_none()) return respond({});
  TRY(auto ways, ways_to(context.store, asked));
  Cursor from = in.cursor().value_or(Cursor{});
  if (in.cursor()) {
    std::erase_if(ways, [&](const NamedWay& way) { return way.name != from.way; });
    if (ways.empty()) in.refuse("cursor", "is of a list with other filters");
    if (auto refusal = in.refusal()) return *std::move(refusal);
  }
  TRY(auto chosen, furthest(context.store, streams_of(ways)));
  from.way = ways[chosen.way].name;
  PaymentFinder finder(context.store, asked, ways[chosen.way].streams);
  TRY(const auto page,
      fill_page<FoundPayment>(chosen.scan, "payments", asked.query, from,
                              [&](const auto& candidates) { return finder.find(candidates); }));
  return respond(page);
}

}  // namespace penstock::admin
