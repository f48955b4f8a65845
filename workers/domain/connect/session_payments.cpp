#include "workers/domain/connect/session_payments.h"

#include <algorithm>

#include "workers/domain/outbound.h"

namespace penstock {
namespace {

bool contains(const std::vector<std::string>& sorted, const std::string& id) {
  return std::binary_search(sorted.begin(), sorted.end(), id);
}

void insert_sorted(std::vector<std::string>& sorted, const std::string& id) {
  if (!contains(sorted, id)) sorted.insert(std::lower_bound(sorted.begin(), sorted.end(), id), id);
}

SessionPaymentStatus status_of(const std::vector<LinkedPayout>& payouts) {
  const auto any = [&](auto... statuses) {
    return std::any_of(payouts.begin(), payouts.end(),
                       [&](const LinkedPayout& each) { return ((each.status == statuses) || ...); });
  };
  if (any(PayoutStatus::paid)) return SessionPaymentStatus::paid;
  if (payouts.empty() || any(PayoutStatus::pending, PayoutStatus::in_transit))
    return SessionPaymentStatus::pending;
  return SessionPaymentStatus::failed;
}

bool pays(const SessionPayment& row, const std::string& payout) {
  return row.tester_id && std::any_of(row.payouts.begin(), row.payouts.end(), [&](const LinkedPayout& each) {
           return each.id == payout && each.status == PayoutStatus::paid;
         });
}

// The payout as it stands once this registration names it, or no longer does.
Payout with_registered(const View& view, const std::string& payout, const Registration& registration,
                       bool named) {
  Payout row = view.get_or_new<Payout>(payout);
  if (named)
    insert_sorted(row.registered, registration.id);
  else
    std::erase(row.registered, registration.id);
  return row;
}

// Lets go of the payout registered before, when there is another one now.
void move_payout(Effects& effects, const View& view, SessionPayment& row, const Registration& registration) {
  if (!registration.payout || row.payout == registration.payout) return;
  if (row.payout) {
    Payout left = with_registered(view, *row.payout, registration, false);
    follow(row, left);
    effects.put(std::move(left));
  }
  Payout named = with_registered(view, *registration.payout, registration, true);
  row.payout = registration.payout;
  follow(row, named);
  effects.put(std::move(named));
}

}  // namespace

void name_reads(const View& view, const Registration& registration, Reads& reads) {
  reads.want<SessionPayment>(registration.id);
  reads.want<Payout>(registration.payout);
  if (!view.loaded<SessionPayment>(registration.id)) return;
  const SessionPayment* row = view.find<SessionPayment>(registration.id);
  if (row == nullptr) return;
  reads.want<Payout>(row->payout);
  for (const auto& linked : row->payouts) reads.want<Payout>(linked.id);
}

Effects decide_registration(const View& view, const Registration& registration, const EventKey& by) {
  const SessionPayment* known = view.find<SessionPayment>(registration.id);
  const SessionPayment before = view.get_or_new<SessionPayment>(registration.id);
  SessionPayment after = before;
  Effects effects;
  after.tester_id = registration.tester_id;
  if (registration.amount) after.amount = registration.amount;
  if (registration.currency) after.currency = registration.currency;
  move_payout(effects, view, after, registration);

  effects.outcome = Outcome::duplicate;
  if (known != nullptr && before == after) return effects;
  effects.outcome = Outcome::applied;
  for (const auto& payout : newly_paid(before, after))
    tell_payout_paid(effects, after, *view.find<Payout>(payout), by);
  effects.put(std::move(after));
  return effects;
}

std::vector<std::string> settled_by(const Payout& payout) {
  if (payout.session_payment) return {*payout.session_payment};
  return payout.registered;
}

void follow(SessionPayment& row, const Payout& payout) {
  std::erase_if(row.payouts, [&](const LinkedPayout& each) { return each.id == payout.id; });
  if (contains(settled_by(payout), row.id)) {
    const auto place =
        std::lower_bound(row.payouts.begin(), row.payouts.end(), payout.id,
                         [](const LinkedPayout& each, const std::string& id) { return each.id < id; });
    row.payouts.insert(place, {payout.id, payout.status.value_or(PayoutStatus::pending)});
  }
  row.status = status_of(row.payouts);
}

std::vector<std::string> newly_paid(const SessionPayment& before, const SessionPayment& after) {
  std::vector<std::string> payouts;
  for (const auto& linked : after.payouts)
    if (pays(after, linked.id) && !pays(before, linked.id)) payouts.push_back(linked.id);
  return payouts;
}

void tell_payout_paid(Effects& effects, const SessionPayment& row, const Payout& payout,
                      const EventKey& event) {
  json::Writer data;
  data.begin_object().key("payout").string(payout.id).key("session_payment").string(row.id);
  json::encode(data.key("tester_id"), row.tester_id);
  json::encode(data.key("amount"), payout.amount);
  json::encode(data.key("currency"), payout.currency);
  json::encode(data.key("arrival_date"), payout.arrival_date);
  data.end_object();
  tell(effects, "tester.payout_paid", "tester.payout_paid:" + row.id + ":" + payout.id, event,
       std::move(data).text());
}

SessionPaymentView session_payment_view(const SessionPayment& row) {
  SessionPaymentView view;
  view.id = row.id;
  view.tester_id = row.tester_id;
  view.payout = row.payout;
  if (!view.payout && !row.payouts.empty()) view.payout = row.payouts.front().id;
  view.status = row.status;
  view.amount = row.amount;
  view.currency = row.currency;
  return view;
}

}  // namespace penstock
