// Session payments: what a tester is owed for a session, settled by payouts.
//
// A payout settles the session payment that its metadata names, else those registered with it. Events and
// registrations may come in any order and end the same. A session payment is paid when any of its payouts is,
// else pending while any still may be (or none is known), else failed.
#pragma once

#include "workers/domain/event.h"
#include "workers/domain/state/view.h"

namespace penstock {

// What an operator says of a session payment. What is not given keeps its earlier value.
struct Registration {
  std::string id;
  std::string tester_id;
  std::optional<std::string> payout;  // another than before moves it
  std::optional<MinorUnits> amount;
  std::optional<std::string> currency;
};

void name_reads(const View& view, const Registration& registration, Reads& reads);
// `by` is told as the cause of what changes.
Effects decide_registration(const View& view, const Registration& registration, const EventKey& by);

// The session payments that this payout settles, sorted.
std::vector<std::string> settled_by(const Payout& payout);

// Links the payout to its session payment with the status it has now, or unlinks it when it settles others.
void follow(SessionPayment& row, const Payout& payout);

// The payouts that pay a known tester in `after` and did not in `before`.
std::vector<std::string> newly_paid(const SessionPayment& before, const SessionPayment& after);

// Adds tester.payout_paid, once for each session payment and payout. The money is the payout's.
void tell_payout_paid(Effects& effects, const SessionPayment& row, const Payout& payout,
                      const EventKey& event);

// A session payment as clients read it (contract.md, /v1/session-payments).
struct SessionPaymentView {
  std::string id;
  std::optional<std::string> tester_id;  // none: only a payout's metadata has named it
  std::optional<std::string> payout;     // the registered one, else the first that settles it
  SessionPaymentStatus status = SessionPaymentStatus::pending;
  std::optional<MinorUnits> amount;
  std::optional<std::string> currency;
  bool operator==(const SessionPaymentView&) const = default;
};

SessionPaymentView session_payment_view(const SessionPayment& row);

template <>
struct Fields<SessionPaymentView> {
  using T = SessionPaymentView;
  static constexpr auto list = std::make_tuple(field("id", &T::id), field("tester_id", &T::tester_id),
                                               field("payout", &T::payout), field("status", &T::status),
                                               field("amount", &T::amount), field("currency", &T::currency));
};

}  // namespace penstock
