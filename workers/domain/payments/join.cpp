#include "workers/domain/payments/join.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "workers/domain/payments/fulfil.h"

namespace penstock {
namespace {

template <class T>
std::vector<T> union_of(const std::vector<T>& a, const std::vector<T>& b) {
  std::vector<T> all;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all));
  return all;
}

// Stripe names one and the same in every event; were it to name several, the least would hold in every order.
std::optional<std::string> least(const std::optional<std::string>& a, const std::optional<std::string>& b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

auto dispute_age(const Charge& charge) {
  return std::tie(charge.dispute_created, charge.dispute, charge.dispute_version);
}

}  // namespace

// What a trusted event says counts for more than what any other says, however new.
CheckoutSession join(const CheckoutSession& known, const CheckoutSession& shown) {
  const auto weight = [](const CheckoutSession& row) { return std::tie(row.trusted, row.version); };
  const CheckoutSession& newest = weight(known) < weight(shown) ? shown : known;
  CheckoutSession joined = known;
  part<SessionAttributes>(joined) = newest;
  joined.version = newest.version;
  joined.trusted = newest.trusted;
  joined.status = std::max(known.status, shown.status);
  joined.payment_intent = least(known.payment_intent, shown.payment_intent);
  joined.named =
      known.trusted == shown.trusted ? union_of(named_by(known), named_by(shown)) : named_by(newest);
  return joined;
}

PaymentIntent join(const PaymentIntent& known, const PaymentIntent& shown) {
  PaymentIntent joined = known.version < shown.version ? shown : known;
  joined.status = std::max(known.status, shown.status);
  joined.sessions = union_of(known.sessions, shown.sessions);
  joined.charges = union_of(known.charges, shown.charges);
  return joined;
}

Charge join(const Charge& known, const Charge& shown) {
  Charge joined = known.version < shown.version ? shown : known;
  joined.payment_intent = least(known.payment_intent, shown.payment_intent);
  joined.amount_refunded = std::max(known.amount_refunded, shown.amount_refunded);
  const Charge& disputed = dispute_age(known) < dispute_age(shown) ? shown : known;
  part<DisputeAttributes>(joined) = disputed;
  joined.dispute_version = disputed.dispute_version;
  return joined;
}

Customer join(const Customer& known, const Customer& shown) {
  const auto weight = [](const Customer& row) { return std::make_tuple(!row.trusted, *row.linked_by); };
  const bool earlier = shown.linked_by && (!known.linked_by || weight(shown) < weight(known));
  Customer joined = earlier ? shown : known;
  joined.deposits = union_of(known.deposits, shown.deposits);
  return joined;
}

std::vector<std::string> set_of(const std::vector<std::optional<std::string>>& ids) {
  std::vector<std::string> set;
  for (const auto& id : ids)
    if (id) set.push_back(*id);
  std::sort(set.begin(), set.end());
  set.erase(std::unique(set.begin(), set.end()), set.end());
  return set;
}

}  // namespace penstock
