// The lists of state. What they hold is compared with every resource asked for one by one.
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <fmt/format.h>

#include "tests/contract/admin/admin_fixture.h"

namespace penstock {
namespace {

std::string member_of(const Reply& reply, std::string_view name) { return text_of(reply[name]); }

class StateLists : public AdminTest {
 protected:
  using AdminTest::AdminTest;

  // The elements of all pages as canonical JSON, in order.
  std::vector<std::string> follow(const std::string& list) {
    std::vector<std::string> elements;
    std::string cursor;
    for (int pages = 0; pages < 500; ++pages) {
      const std::string joint = list.find('?') == std::string::npos ? "?" : "&";
      const Reply reply = get(list + joint + "cursor=" + cursor);
      EXPECT_EQ(reply.status, 200) << list;
      const auto data = reply.data();
      for (auto each = data.first(); !each.absent(); each = data.next(each))
        elements.push_back(json::canonical(each));
      if (!reply["next_cursor"].is_string()) return elements;
      cursor = text_of(reply["next_cursor"]);
    }
    ADD_FAILURE() << list << " has no end";
    return elements;
  }

  static json::Document parse(const std::string& text) {
    return std::move(json::Document::parse(text)).value();
  }
};

// Some sixty payments, with everything about them left to chance: what is known of each, what names what, and
// the order of arrival.
class AdminPayments : public StateLists,
                      public ::testing::WithParamInterface<std::tuple<std::string, unsigned>> {
 protected:
  AdminPayments() : StateLists(std::get<0>(GetParam())) {}

  static constexpr int kPayments = 60;

  void make_payments() {
    std::mt19937 random{std::get<1>(GetParam())};
    clock_.advance(
        Milliseconds{1});  // whole seconds are spelled without a fraction, and would not sort as text
    const auto below = [&](int end) { return std::uniform_int_distribution<int>(0, end - 1)(random); };
    const auto pick = [&](const std::vector<std::string>& words) {
      return words[static_cast<std::size_t>(below(static_cast<int>(words.size())))];
    };
    const auto reference = [&](const std::string& kind, int among) {
      return below(3) == 0 ? std::string("null") : fmt::format(R"("{}_{}")", kind, below(among));
    };
    std::vector<testing::EventSpec> events;
    const auto add = [&](const std::string& type, std::string object, int scope) {
      testing::EventSpec event{.type = type, .object = std::move(object)};
      event.livemode = scope != 1;
      if (scope == 2) event.account = "acct_1";
      event.created = 1000 + below(50);
      events.push_back(event);
    };
    for (int n = 0; n < kPayments; ++n) {
      const int scope = std::max(0, below(6) - 3);
      const std::string intent = below(6) == 0 ? "null" : fmt::format(R"("pi_{}")", n);
      for (int session = below(5) == 0 ? 2 : below(4) > 0 ? 1 : 0; session > 0; --session) {
        const std::string type = pick({"completed", "completed", "expired", "async_payment_failed"});
        add("checkout.session." + type,
            fmt::format(R"({{"id":"cs_{}_{}","object":"checkout.session","status":"{}","payment_status":"{}",
              "payment_intent":{},"amount_total":500,"currency":"usd","customer":{},"client_reference_id":{},
              "metadata":{{}}}})",
                        n, session, pick({"complete", "open"}), pick({"paid", "unpaid"}), intent,
                        reference("cus", 6), reference("u", 4)),
            scope);
      }
      if (below(2) == 0)
        add("payment_intent." + pick({"succeeded", "payment_failed", "canceled", "created"}),
            fmt::format(
                R"({{"id":"pi_{}","object":"payment_intent","status":"{}","amount":500,"currency":"usd",
              "customer":{},"latest_charge":{},"metadata":{{{}}}}})",
                n, pick({"succeeded", "processing", "canceled", "requires_payment_method"}),
                reference("cus", 6), below(2) == 0 ? "null" : fmt::format(R"("ch_{}")", n),
                below(2) == 0 ? "" : fmt::format(R"("user_id":"u_{}")", below(4))),
            scope);
      if (below(3) == 0)
        add("charge.refunded",
            fmt::format(
                R"({{"id":"ch_{}","object":"charge","payment_intent":{},"amount":500,"amount_refunded":{},
              "currency":"usd","customer":{}}})",
                n, intent, pick({"100", "500"}), reference("cus", 6)),
            scope);
      if (below(6) == 0)
        add("charge.dispute.created",
            fmt::format(R"({{"id":"dp_{}","object":"dispute","charge":"ch_{}","payment_intent":{},"created":1,
              "status":"needs_response"}})",
                        n, n, intent),
            scope);
    }
    std::shuffle(events.begin(), events.end(), random);
    for (const auto& event : events) {
      if (below(3) == 0) clock_.advance(Milliseconds{below(5)});
      apply(event);
    }
    for (int n = 0; n < kPayments; ++n)
      for (const auto& id : {fmt::format("cs_{}_1", n), fmt::format("cs_{}_2", n), fmt::format("pi_{}", n),
                             fmt::format("ch_{}", n)})
        for (const char* scope : {"", "?livemode=true", "?livemode=false", "?account=acct_1"}) {
          const Reply reply = get("/v1/payments/" + id + scope);
          if (reply.status == 200) payments_.insert(json::canonical(reply.body.root()));
        }
  }

  // What a list is to hold, whatever its order.
  std::vector<std::string> expected(const std::function<bool(json::Value)>& holds) const {
    std::vector<std::string> elements;
    for (const auto& payment : payments_) {
      const auto parsed = parse(payment);
      if (holds(parsed.root())) elements.push_back(payment);
    }
    return elements;
  }

  void check(const std::string& filters, const std::function<bool(json::Value)>& holds) {
    const auto all = expected(holds);
    for (const std::string limit : {"3", "500"}) {
      auto newest_first = follow("/v1/payments?limit=" + limit + filters);
      auto oldest_first = follow("/v1/payments?order=asc&limit=" + limit + filters);
      EXPECT_TRUE(std::is_sorted(oldest_first.begin(), oldest_first.end(),
                                 [](const std::string& a, const std::string& b) {
                                   return text_of(parse(a).root()["created_at"]) <
                                          text_of(parse(b).root()["created_at"]);
                                 }))
          << filters;
      std::sort(newest_first.begin(), newest_first.end());
      std::sort(oldest_first.begin(), oldest_first.end());
      EXPECT_EQ(newest_first, all) << filters << ", " << limit << " a page";
      EXPECT_EQ(oldest_first, all) << filters << ", " << limit << " a page";
    }
  }

  std::set<std::string> payments_;
};

INSTANTIATE_TEST_SUITE_P(StoresAndSeeds, AdminPayments,
                         ::testing::Combine(::testing::Values("postgres", "sqlite"),
                                            ::testing::Values(1U, 2U, 3U)),
                         [](const auto& test) {
                           return fmt::format("{}_{}", std::get<0>(test.param), std::get<1>(test.param));
                         });

TEST_P(AdminPayments, EachIsListedOnceExactlyAsItIsShown) {
  make_payments();
  check("", [](json::Value) { return true; });
  check("&livemode=false", [](json::Value payment) { return payment["livemode"].boolean() == false; });
  check("&account=acct_1", [](json::Value payment) { return payment["account"].string() == "acct_1"; });
}

TEST_P(AdminPayments, FiltersAreAboutWhatIsShown) {
  make_payments();
  std::vector<std::string> statuses = {"pending", "processing", "failed",   "canceled",
                                       "expired", "paid",       "refunded", "partially_refunded"};
  std::set<std::string> seen;
  for (const auto& payment : payments_) seen.insert(text_of(parse(payment).root()["status"]));
  EXPECT_EQ(seen.size(), statuses.size()) << "every status is tried";
  for (int user = -1; user < 4; ++user)
    for (int customer = -1; customer < 6; customer += 2)
      for (std::size_t status = 0; status <= statuses.size(); ++status) {
        if (user >= 0 && customer >= 0 && status < statuses.size() && status % 3 != 0) continue;
        std::string filters;
        if (user >= 0) filters += fmt::format("&user=u_{}", user);
        if (customer >= 0) filters += fmt::format("&customer=cus_{}", customer);
        if (status < statuses.size()) filters += "&status=" + statuses[status];
        check(filters, [&](json::Value payment) {
          return (user < 0 || text_of(payment["user_id"]) == fmt::format("u_{}", user)) &&
                 (customer < 0 || text_of(payment["customer"]) == fmt::format("cus_{}", customer)) &&
                 (status == statuses.size() || text_of(payment["status"]) == statuses[status]);
        });
      }
}

TEST_P(AdminPayments, SinceAndUntilAreAboutWhenAPaymentWasFirstHeardOf) {
  const auto start = clock_.now();
  make_payments();
  const auto length = clock_.now() - start;
  const std::string since = to_rfc3339(start + length / 4), until = to_rfc3339(start + length / 2);
  const auto is_between = [&](json::Value payment) {
    const std::string at = text_of(payment["created_at"]);
    return since <= at && at < until;
  };
  EXPECT_FALSE(expected(is_between).empty());
  check("&since=" + since + "&until=" + until, is_between);
  check("&since=" + since + "&until=" + until + "&status=paid",
        [&](json::Value payment) { return is_between(payment) && payment["status"].string() == "paid"; });
  check("&since=" + since + "&until=" + until + "&user=u_1",
        [&](json::Value payment) { return is_between(payment) && payment["user_id"].string() == "u_1"; });
}

class AdminStateLists : public StateLists, public ::testing::WithParamInterface<std::string> {
 protected:
  AdminStateLists() : StateLists(GetParam()) {}
};

PENSTOCK_EVERY_STORE(AdminStateLists);

TEST_P(AdminStateLists, SubscriptionsPayoutsAndAccountsAreFiltered) {
  apply({.type = "checkout.session.completed",
         .object = R"({"id":"cs_1","object":"checkout.session","status":"complete","payment_status":"paid",
           "payment_intent":null,"amount_total":1,"currency":"usd","customer":"cus_1",
           "client_reference_id":"u_1","metadata":{}})"});
  for (int n = 0; n < 60; ++n) {
    const bool live = n % 4 != 3;
    clock_.advance(Milliseconds{n % 3});
    const char* statuses[] = {"active", "past_due", "canceled"};
    apply({.type = "customer.subscription.updated",
           .object = fmt::format(R"({{"id":"sub_{}","object":"subscription","status":"{}","customer":"cus_{}",
             "cancel_at_period_end":false,"metadata":{{{}}},"items":{{"data":[{{"price":{{"id":"p"}},"quantity":1,
             "current_period_start":1,"current_period_end":2}}]}}}})",
                                 n, statuses[n % 3], n % 5, n % 2 == 0 ? "" : R"("user_id":"u_1")"),
           .livemode = live});
    const char* paid[] = {"paid", "failed"};
    apply({.type = fmt::format("payout.{}", paid[n % 2]),
           .object =
               fmt::format(R"({{"id":"po_{}","object":"payout","status":"{}","amount":1,"currency":"usd"}})",
                           n, paid[n % 2]),
           .account = n % 5 == 0 ? std::optional<std::string>() : fmt::format("acct_{}", n % 3),
           .livemode = live});
    apply({.type = "account.updated",
           .object = fmt::format(R"({{"id":"acct_{}","object":"account","charges_enabled":true,
             "payouts_enabled":true,"details_submitted":true,"metadata":{{"user_id":"u_{}"}}}})",
                                 n, n % 3),
           .account = fmt::format("acct_{}", n),
           .livemode = live});
  }
  const std::tuple<std::string, std::string, std::vector<std::string>> lists[] = {
      {"subscriptions",
       "sub",
       {"user=u_1", "user=u_2", "customer=cus_1", "status=past_due", "livemode=false",
        "user=u_1&status=active", "user=u_1&customer=cus_2", "customer=cus_1&status=canceled&livemode=true"}},
      {"payouts",
       "po",
       {"account=acct_1", "status=failed", "status=pending", "account=acct_1&status=paid", "livemode=false"}},
      {"accounts", "acct", {"user=u_1", "user=u_9", "user=u_1&livemode=false", "livemode=true"}}};
  for (const auto& [list, prefix, filters] : lists) {
    std::vector<std::string> all;
    for (int n = 0; n < 60; ++n) {
      const auto account = n % 5 == 0 || list != "payouts" ? "" : fmt::format("?account=acct_{}", n % 3);
      const Reply reply = get(fmt::format("/v1/{}/{}_{}{}", list, prefix, n, account));
      ASSERT_EQ(reply.status, 200) << list << n;
      all.push_back(json::canonical(reply.body.root()));
    }
    std::map<std::string, int> found;
    auto tried = filters;
    tried.push_back("");
    for (const auto& filter : tried) {
      std::vector<std::string> expected;
      for (const auto& element : all) {
        const auto parsed = parse(element);
        bool holds = true;
        std::istringstream parts(filter);
        for (std::string part; std::getline(parts, part, '&');) {
          const auto equals = part.find('=');
          std::string name = part.substr(0, equals);
          if (name == "user") name = "user_id";
          const auto value = parsed.root()[name];
          const std::string shown = value.boolean() ? (*value.boolean() ? "true" : "false") : text_of(value);
          holds = holds && shown == part.substr(equals + 1);
        }
        if (holds) expected.push_back(element);
      }
      auto newest_first = follow(fmt::format("/v1/{}?limit=7&{}", list, filter));
      const auto oldest_first = follow(fmt::format("/v1/{}?limit=7&order=asc&{}", list, filter));
      std::reverse(newest_first.begin(), newest_first.end());
      EXPECT_EQ(newest_first, oldest_first) << list << " " << filter;
      std::sort(newest_first.begin(), newest_first.end());
      std::sort(expected.begin(), expected.end());
      EXPECT_EQ(newest_first, expected) << list << " " << filter;
    }
  }
}

TEST_P(AdminStateLists, ParametersAreChecked) {
  const std::pair<const char*, const char*> bad[] = {
      {"/v1/payments?status=settled", "/status"},   {"/v1/payments?since=now", "/since"},
      {"/v1/payments?until=2025-07-25", "/until"},  {"/v1/payments?user=", "/user"},
      {"/v1/payments?user_id=u", "/user_id"},       {"/v1/payments?order=up", "/order"},
      {"/v1/payments?livemode=1", "/livemode"},     {"/v1/payments?customer=a&customer=b", "/customer"},
      {"/v1/subscriptions?status=paid", "/status"}, {"/v1/subscriptions?plan=x", "/plan"},
      {"/v1/payouts?status=succeeded", "/status"},  {"/v1/payouts?user=u", "/user"},
      {"/v1/accounts?status=enabled", "/status"},   {"/v1/accounts?limit=0", "/limit"}};
  for (const auto& [target, field] : bad) {
    const Reply reply = get(target);
    EXPECT_EQ(reply.status, 400) << target;
    EXPECT_FALSE(text_of(reply.fields()[field]).empty()) << target;
  }
  apply_examples();
  const std::string cursor = member_of(get("/v1/payments?limit=1"), "next_cursor");
  ASSERT_FALSE(cursor.empty());
  EXPECT_EQ(get("/v1/payments?cursor=" + cursor).status, 200);
  EXPECT_EQ(get("/v1/payments?order=asc&cursor=" + cursor).status, 400);
  EXPECT_EQ(get("/v1/payouts?cursor=" + cursor).status, 400);
}

}  // namespace
}  // namespace penstock
