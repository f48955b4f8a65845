#include "workers/domain/connect/session_payments.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "workers/domain/outbound/outbound.h"

namespace penstock {
namespace {

// Whoever makes payouts may name a session payment in any number of them; a row keeps so many.
constexpr std::ptrdiff_t kPayoutsOfAccountMax = 20;
constexpr std::size_t kAccountsMax = 50;

bool contains(const std::vector<std::string>& sorted, const std::string& id) {
  return std::binary_search(sorted.begin(), sorted.end(), id);
}

void insert_sorted(std::vector<std::string>& sorted, const std::string& id) {
  if (!contains(sorted, id)) sorted.insert(std::lower_bound(sorted.begin(), sorted.end(), id), id);
}

auto name_of(const LinkedPayout& payout) { return std::tie(payout.id, payout.account); }

auto place_of(const std::vector<LinkedPayout>& sorted, const LinkedPayout& payout) {
  return std::lower_bound(sorted.begin(), sorted.end(), payout,
                          [](const auto& each, const auto& other) { return name_of(each) < name_of(other); });
}

template <class T>
bool agrees(const std::optional<T>& registered, const std::optional<T>& told) {
  return !registered || registered == told;
}

bool is_settled_by(const SessionPayment& row, const LinkedPayout& payout) {
  return agrees(row.amount, payout.amount) && agrees(row.currency, payout.currency) &&
         agrees(row.account, payout.account);
}

std::vector<LinkedPayout> settling(const SessionPayment& row) {
  std::vector<LinkedPayout> payouts;
  std::copy_if(row.payouts.begin(), row.payouts.end(), std::back_inserter(payouts),
               [&](const LinkedPayout& each) { return is_settled_by(row, each); });
  return payouts;
}

SessionPaymentStatus status_of(const SessionPayment& row) {
  const auto payouts = settling(row);
  const auto any = [&](auto is) { return std::any_of(payouts.begin(), payouts.end(), is); };
  const auto has = [&](auto... statuses) {
    return any([&](const LinkedPayout& each) { return ((each.status == statuses) || ...); });
  };
  if (has(PayoutStatus::paid)) return SessionPaymentStatus::paid;
  // The registered payout may still come, or be put right.
  const bool awaited = row.payout && !any([&](const LinkedPayout& each) { return each.id == row.payout; });
  if (payouts.empty() || awaited || has(PayoutStatus::pending, PayoutStatus::in_transit))
    return SessionPaymentStatus::pending;
  return SessionPaymentStatus::failed;
}

bool pays(const SessionPayment& row, const LinkedPayout& payout) {
  return row.tester_id && payout.status == PayoutStatus::paid && is_settled_by(row, payout);
}

// Payouts of `after` for which `is` holds and did not before.
template <class Is>
std::vector<LinkedPayout> newly(const SessionPayment& before, const SessionPayment& after, Is is) {
  std::vector<LinkedPayout> found;
  for (const auto& now : after.payouts) {
    const auto was = place_of(before.payouts, now);
    const bool known = was != before.payouts.end() && name_of(*was) == name_of(now);
    if (is(after, now) && (!known || !is(before, *was))) found.push_back(now);
  }
  return found;
}

// Keeps the registered payout, the least ids of each account, and the least accounts: the same ones in every
// order. So nobody crowds out another account's payouts with any number of their own. False: none had to go.
bool crowd_out(SessionPayment& row, const std::optional<std::string>& newest_account) {
  auto& payouts = row.payouts;
  const auto before = payouts.size();
  const auto is_of_account = [&](const LinkedPayout& each) { return each.account == newest_account; };
  const auto may_go = [&](const LinkedPayout& each) { return is_of_account(each) && each.id != row.payout; };
  if (std::count_if(payouts.begin(), payouts.end(), is_of_account) > kPayoutsOfAccountMax)
    payouts.erase(std::next(std::find_if(payouts.rbegin(), payouts.rend(), may_go)).base());
  std::set<std::optional<std::string>> accounts;
  for (const auto& each : payouts)
    if (each.id != row.payout) accounts.insert(each.account);
  if (accounts.size() > kAccountsMax)
    std::erase_if(payouts, [&](const LinkedPayout& each) {
      return each.account == *accounts.rbegin() && each.id != row.payout;
    });
  return payouts.size() < before;
}

Scope scope_of(const SessionPayment& row, const LinkedPayout& payout) {
  return {row.livemode, payout.account};
}

std::string describe(const std::optional<MinorUnits>& amount, const std::optional<std::string>& currency,
                     const std::optional<std::string>& account) {
  std::string text = amount ? std::to_string(amount->value) : "any amount";
  if (currency) text += " " + *currency;
  return text + (account ? " of " + *account : "");
}

std::vector<Scope> scopes_of(const PayoutId& known) {
  std::vector<Scope> scopes;
  for (const auto& account : known.accounts)
    scopes.push_back({known.livemode, account.empty() ? std::nullopt : std::optional(account)});
  return scopes;
}

bool is_registered(const SessionPayment* row) { return row != nullptr && row->tester_id; }

// The modes that a registration is about.
std::vector<Scope> modes_of(const View& view, const Registration& registration) {
  const Scope live{.livemode = true}, test{.livemode = false};
  if (registration.livemode) return {*registration.livemode ? live : test};
  std::vector<Scope> known;
  for (const auto& mode : {live, test})
    if (is_registered(view.find<SessionPayment>(mode, registration.id))) known.push_back(mode);
  return known.empty() ? std::vector{live, test} : known;
}

// What is not given stays.
void take_given(SessionPaymentTerms& known, const SessionPaymentTerms& said) {
  for_each_member<SessionPaymentTerms>([&](auto each) {
    if (said.*each.pointer) known.*each.pointer = said.*each.pointer;
  });
}

// Registering in one mode.
class Registering {
 public:
  Registering(const View& view, const Scope& mode, const Registration& registration, Effects& effects,
              const EventKey& by)
      : view_(view), mode_(mode), said_(registration), effects_(effects), by_(by) {}

  // False: the row is as it was.
  bool run() {
    const SessionPayment* known = view_.find<SessionPayment>(mode_, said_.id);
    const auto before = view_.get_or_new<SessionPayment>(mode_, said_.id);
    SessionPayment after = before;
    after.both_modes = !said_.livemode && (before.both_modes || !before.tester_id);
    after.tester_id = said_.tester_id;
    take_given(after, said_.terms);
    if (said_.payout && said_.payout != before.payout) move_payout(after);
    if (known != nullptr && before == after) return false;
    for (const auto& paid : newly_paid(before, after))
      enqueue_payout_paid(effects_, after, view_.get_or_new<Payout>(scope_of(after, paid), paid.id), by_);
    alert_mismatches(effects_, before, after, by_);
    effects_.put(std::move(after));
    return true;
  }

 private:
  void move_payout(SessionPayment& row) {
    if (row.payout) change(row, *row.payout, [&](auto& registered) { std::erase(registered, said_.id); });
    row.payout = said_.payout;
    change(row, *row.payout, [&](auto& registered) { insert_sorted(registered, said_.id); });
  }

  // Changes what is registered with a payout id, and with the payouts that have it.
  template <class Change>
  void change(SessionPayment& row, const std::string& payout, Change change_registered) {
    auto known = view_.get_or_new<PayoutId>(mode_, payout);
    change_registered(known.registered);
    for (const auto& scope : scopes_of(known)) {
      auto named = view_.get_or_new<Payout>(scope, payout);
      named.registered = known.registered;
      if (link_payout(row, named)) alert_crowd(effects_, row, by_);
      effects_.put(std::move(named));
    }
    effects_.put(std::move(known));
  }

  const View& view_;
  const Scope& mode_;
  const Registration& said_;
  Effects& effects_;
  const EventKey& by_;
};

void name_payouts(const View& view, const Scope& mode, const std::optional<std::string>& id, Reads& reads) {
  if (!id) return;
  reads.want<PayoutId>(mode, *id);
  if (!view.loaded<PayoutId>(mode, *id)) return;
  if (const auto* known = view.find<PayoutId>(mode, *id))
    for (const auto& scope : scopes_of(*known)) reads.want<Payout>(scope, *id);
}

}  // namespace

void name_reads(const View& view, const Registration& registration, Reads& reads) {
  for (const Scope& mode : {Scope{.livemode = true}, Scope{.livemode = false}}) {
    const std::string key = mode.key(registration.id);
    reads.want<SessionPayment>(key);
    name_payouts(view, mode, registration.payout, reads);
    if (!view.loaded<SessionPayment>(key)) continue;
    const auto* row = view.find<SessionPayment>(key);
    if (row == nullptr) continue;
    name_payouts(view, mode, row->payout, reads);
    for (const auto& linked : row->payouts) reads.want<Payout>(scope_of(*row, linked), linked.id);
  }
}

Effects decide_registration(const View& view, const Registration& registration, const EventKey& by) {
  Effects effects;
  effects.outcome = Outcome::duplicate;
  for (const auto& mode : modes_of(view, registration))
    if (Registering(view, mode, registration, effects, by).run()) effects.outcome = Outcome::applied;
  return effects;
}

std::vector<std::string> settled_by(const Payout& payout) {
  if (payout.session_payment) return {*payout.session_payment};
  return payout.registered;
}

PayoutId enter_payout_id(Effects& effects, const View& view, const Payout& payout) {
  auto known = view.get_or_new<PayoutId>(scope_of(payout).of_platform(), payout.id);
  insert_sorted(known.accounts, payout.account.value_or(""));
  effects.put(known);
  return known;
}

bool link_payout(SessionPayment& row, const Payout& payout) {
  LinkedPayout linked{payout.id, payout.account, payout.status.value_or(PayoutStatus::pending), payout.amount,
                      payout.currency};
  std::erase_if(row.payouts, [&](const LinkedPayout& each) { return name_of(each) == name_of(linked); });
  if (!contains(settled_by(payout), row.id)) return false;
  row.payouts.insert(place_of(row.payouts, linked), linked);
  return crowd_out(row, linked.account);
}

std::vector<LinkedPayout> newly_paid(const SessionPayment& before, const SessionPayment& after) {
  return newly(before, after, pays);
}

void enqueue_payout_paid(Effects& effects, const SessionPayment& row, const Payout& payout,
                         const EventKey& event) {
  json::Writer data;
  data.begin_object().key("payout").string(payout.id).key("session_payment").string(row.id);
  json::encode(data.key("tester_id"), row.tester_id);
  json::encode(data.key("amount"), payout.amount);
  json::encode(data.key("currency"), payout.currency);
  json::encode(data.key("arrival_date"), payout.arrival_date);
  json::encode(data.key("account"), payout.account);
  data.key("livemode").boolean(payout.livemode).end_object();
  const std::string cause = "tester.payout_paid:" + row.id + ":" + cause_of(scope_of(payout), payout.id);
  enqueue_outbound(effects, "tester.payout_paid", cause, event, std::move(data).text());
}

void alert_mismatches(Effects& effects, const SessionPayment& before, const SessionPayment& after,
                      const EventKey& event) {
  const auto disagrees = [](const SessionPayment& row, const LinkedPayout& payout) {
    return !is_settled_by(row, payout);
  };
  for (const auto& payout : newly(before, after, disagrees))
    raise_alert(effects, scope_of(after, payout),
                {"payout_mismatch", payout.id,
                 "Payout " + payout.id + " over " + describe(payout.amount, payout.currency, payout.account) +
                     " is for session payment " + after.id + ", which was registered over " +
                     describe(after.amount, after.currency, after.account) + "; it stays as it is."},
                event);
}

void alert_crowd(Effects& effects, const SessionPayment& row, const EventKey& event) {
  raise_alert(
      effects, {.livemode = row.livemode},
      {"session_payment_crowded", row.id,
       "Session payment " + row.id + " is named by more payouts than one can be paid by; of each account " +
           std::to_string(kPayoutsOfAccountMax) + " count."},
      event);
}

SessionPaymentView session_payment_view(const SessionPayment& row) {
  SessionPaymentView view;
  view.id = row.id;
  part<SessionPaymentNames>(view) = row;
  const auto payouts = settling(row);
  if (!view.payout && !payouts.empty()) view.payout = payouts.front().id;
  view.status = status_of(row);
  part<SessionPaymentTerms>(view) = row;
  view.livemode = row.livemode;
  return view;
}

const SessionPayment& shown_of(const SessionPayment* live, const SessionPayment* test) {
  CHECK(live != nullptr || test != nullptr);
  if (live == nullptr || test == nullptr) return live != nullptr ? *live : *test;
  const bool is_tests = !test->both_modes || !settling(*test).empty();
  return live->both_modes && settling(*live).empty() && is_tests ? *test : *live;
}

SessionPaymentView session_payment_view_of_any_mode(const SessionPayment& shown) {
  auto view = session_payment_view(shown);
  if (shown.both_modes && settling(shown).empty()) view.livemode.reset();
  return view;
}

}  // namespace penstock
