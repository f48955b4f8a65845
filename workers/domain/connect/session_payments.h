// Session payments: what a tester is owed for a session, settled by payouts.
//
// A payout settles the session payment that its metadata names, else those registered with it, of its own
// mode; and only when its amount, currency and account are the registered ones, as far as these were
// registered. One that disagrees changes nothing and raises payout_mismatch. Events and registrations may
// come in any order and end the same. A session payment is paid when any payout that settles it is, else
// pending while any still may be (or none is known), else failed.
//
// There is a row of each mode. A registration without a mode is for both.
#pragma once

#include "workers/domain/event/event.h"
#include "workers/domain/state/view.h"

namespace penstock {

// What an operator says of a session payment. What is not given keeps its earlier value.
struct Registration {
  std::string id;
  std::string tester_id;
  std::optional<std::string> payout = {};  // another than before moves it
  SessionPaymentTerms terms = {};
  std::optional<bool> livemode = {};  // not given: as registered before, else both
};

void name_reads(const View& view, const Registration& registration, Reads& reads);
// `by` is told as the cause of what changes.
Effects decide_registration(const View& view, const Registration& registration, const EventKey& by);

// The session payments that this payout is for, sorted.
std::vector<std::string> settled_by(const Payout& payout);

// Notes that there is this payout under its id. Answers what else is known of the id.
PayoutId enter_payout_id(Effects& effects, const View& view, const Payout& payout);

// Links the payout to its session payment as it stands now, or unlinks it when it is for others. True: there
// are more than a row keeps, and one was left out.
bool link_payout(SessionPayment& row, const Payout& payout);

// The payouts that pay a known tester in `after` and did not in `before`.
std::vector<LinkedPayout> newly_paid(const SessionPayment& before, const SessionPayment& after);

// Adds tester.payout_paid, once for each session payment and payout. The money is the payout's.
void enqueue_payout_paid(Effects& effects, const SessionPayment& row, const Payout& payout,
                         const EventKey& event);

// Raises payout_mismatch for the payouts that disagree with `after` and did not with `before`.
void alert_mismatches(Effects& effects, const SessionPayment& before, const SessionPayment& after,
                      const EventKey& event);

// Raises session_payment_crowded.
void alert_crowd(Effects& effects, const SessionPayment& row, const EventKey& event);

// A session payment as clients read it (contract.md, /v1/session-payments).
// No tester_id: only a payout's metadata has named it. The payout is the registered one, else the first that
// settles it.
struct SessionPaymentHead : ObjectId, SessionPaymentNames {
  SessionPaymentStatus status = SessionPaymentStatus::pending;
  bool operator==(const SessionPaymentHead&) const = default;
};
BOOST_DESCRIBE_STRUCT(SessionPaymentHead, (ObjectId, SessionPaymentNames), (status))
struct SessionPaymentView : SessionPaymentHead, SessionPaymentTerms {
  std::optional<bool> livemode;  // none: registered for both modes, and settled in neither yet
  bool operator==(const SessionPaymentView&) const = default;
};
BOOST_DESCRIBE_STRUCT(SessionPaymentView, (SessionPaymentHead, SessionPaymentTerms), (livemode))

SessionPaymentView session_payment_view(const SessionPayment& row);

// Which of the two rows of an id is shown when nobody asks for a mode; at least one is there. The live one,
// but for one that was registered for both modes and has been settled by test payouts only.
const SessionPayment& shown_of(const SessionPayment* live, const SessionPayment* test);
// As session_payment_view(), without a mode where the row has none yet.
SessionPaymentView session_payment_view_of_any_mode(const SessionPayment& shown);

}  // namespace penstock
