#include "workers/domain/payments/deposits.h"

#include <algorithm>

#include "workers/domain/event/metadata.h"
#include "workers/domain/ledger/ledger.h"
#include "workers/domain/outbound/outbound.h"
#include "workers/domain/payments/fulfil.h"
#include "workers/domain/payments/payment.h"

namespace penstock {
namespace {

// What one charge's refunds take from a deposit.
struct Taking {
  std::string charge;
  MinorUnits amount_refunded;
  MinorUnits taken;
  bool operator==(const Taking&) const = default;
};

// What a deposit amounts to.
struct DepositState {
  LedgerAccount wallet;
  MinorUnits credited;
  MinorUnits reversed;
  std::vector<Taking> takings;
  std::vector<std::string> unclear;  // charges refunded in part in another currency

  MinorUnits left() const { return {credited.value - reversed.value}; }
  bool operator==(const DepositState&) const = default;
};

std::optional<std::string> user_of(const PaymentRows& rows) {
  if (rows.session->user_id) return rows.session->user_id;
  return rows.session->customer && rows.customer != nullptr ? believed_user(*rows.customer) : std::nullopt;
}

// How much of the deposit this charge's refunds are for; nullopt when nobody can tell.
std::optional<MinorUnits> refunded_of(const DepositState& deposit, const Charge& charge) {
  if (charge.currency == deposit.wallet.currency) return charge.amount_refunded;
  const bool full = charge.amount && charge.amount_refunded >= *charge.amount;
  return full ? std::optional(deposit.credited) : std::nullopt;
}

void take_back(DepositState& deposit, const Charge& charge) {
  if (charge.amount_refunded == MinorUnits{}) return;
  const auto refunded = refunded_of(deposit, charge);
  if (!refunded) {
    deposit.unclear.push_back(charge.id);
    return;
  }
  // An intent may have several charges; together they take back no more than was credited.
  const MinorUnits taken = std::min(*refunded, deposit.left());
  deposit.reversed.value += taken.value;
  deposit.takings.push_back({charge.id, charge.amount_refunded, taken});
}

// What the rows call for; nullopt while there is nothing to credit.
std::optional<DepositState> position_of(const Draft& rows, const std::string& session) {
  const auto found = rows_of_session(rows, session);
  if (!found || !is_deposit(*found->session) || !is_paid(*found)) return std::nullopt;
  const auto user = user_of(*found);
  if (!user || !found->session->amount || !found->session->currency) return std::nullopt;
  DepositState deposit;
  deposit.wallet = {found->session->livemode, *found->session->currency, user};
  deposit.credited = *found->session->amount;
  for (const auto* charge : found->charges) take_back(deposit, *charge);
  return deposit;
}

// Paid, and nothing says whose wallet it is for or what it amounts to.
bool is_unclaimed(const Draft& rows, const std::string& session) {
  const auto found = rows_of_session(rows, session);
  if (!found || !is_deposit(*found->session) || !is_paid(*found)) return false;
  const CheckoutSession& row = *found->session;
  return (!row.user_id && !row.customer) || !row.amount || !row.currency;
}

MinorUnits taken_by(const std::vector<Taking>& takings, const std::string& charge) {
  for (const auto& taking : takings)
    if (taking.charge == charge) return taking.taken;
  return {};
}

// Whether the charge's row says for the first time that this much of an intent's charge was refunded. It does
// so once for each amount, so that the refund's effect key is never used again.
bool is_news(const Draft& before, const Taking& taking) {
  const auto* charge = before.find<Charge>(taking.charge);
  return charge == nullptr || !charge->payment_intent || charge->amount_refunded < taking.amount_refunded;
}

// Whether `now` differs from `before` by nothing but refunds that are news.
bool only_refunded_more(const Draft& rows_before, const DepositState& before, const DepositState& now) {
  const auto keeps = [&](const Taking& taking) {
    return taken_by(now.takings, taking.charge) >= taking.taken;
  };
  const auto explains = [&](const Taking& taking) {
    return taking.taken == taken_by(before.takings, taking.charge) || is_news(rows_before, taking);
  };
  return before.wallet == now.wallet && before.credited == now.credited &&
         std::all_of(before.takings.begin(), before.takings.end(), keeps) &&
         std::all_of(now.takings.begin(), now.takings.end(), explains);
}

// Settling one deposit of one event.
class Settlement {
 public:
  Settlement(Draft& draft, const std::string& session, const EventMeta& meta)
      : draft_(draft), session_(session), meta_(meta) {}

  // By what the rows called for before this event and what they call for with it, so that an event which changes
  // nothing of that posts nothing, however often and in whatever order it comes.
  Status run() {
    ask_about_unclaimed();
    const auto before = position_of(draft_.before(), session_);
    const auto now = position_of(draft_, session_);
    if (before == now) return ok();
    TRY_STATUS(post_difference(before, now));
    move_count(before, now);
    if (now) ask_about_unclear(before, *now);
    remember(now);
    return ok();
  }

 private:
  Status post_difference(const std::optional<DepositState>& before, const std::optional<DepositState>& now) {
    // The deposit's key is used once in the session's life. When it has been used and there is no deposit now
    // (its user, amount or purpose was taken back), what comes next is a transfer.
    if (!before && !draft_.find<CheckoutSession>(session_)->deposited) {
      TRY_STATUS(post_deposit(*now));
      return post_refunds({}, *now);
    }
    // A refund's key names charge and amount, not what was taken: only where that amount is told for the first
    // time may it be used, else a posting of that key is in the ledger already.
    if (before && now && only_refunded_more(draft_.before(), *before, *now))
      return post_refunds(before->takings, *now);
    return post_transfer(before, now);
  }

  Status post_deposit(const DepositState& now) {
    return post(draft_,
                {"deposit:" + named_in_keys(session_),
                 LedgerKind::deposit,
                 session_,
                 {{now.wallet, now.credited}, {stripe_side(now.wallet), {-now.credited.value}}}},
                meta_.key);
  }

  Status post_refunds(const std::vector<Taking>& before, const DepositState& now) {
    for (const auto& taking : now.takings) {
      const std::int64_t more = taking.taken.value - taken_by(before, taking.charge).value;
      const std::string key =
          "refund:" + named_in_keys(taking.charge) + ":" + std::to_string(taking.amount_refunded.value);
      TRY_STATUS(post(
          draft_,
          {key, LedgerKind::refund, session_, {{now.wallet, {-more}}, {stripe_side(now.wallet), {more}}}},
          meta_.key));
    }
    return ok();
  }

  // The event is in the key, because the same two wallets may change places again and again.
  Status post_transfer(const std::optional<DepositState>& before, const std::optional<DepositState>& now) {
    Posting posting{
        "transfer:" + named_in_keys(session_) + ":" + meta_.id, LedgerKind::transfer, session_, {}};
    if (before) {
      posting.lines.push_back({before->wallet, {-before->left().value}});
      posting.lines.push_back({stripe_side(before->wallet), before->left()});
    }
    if (now) {
      posting.lines.push_back({now->wallet, now->left()});
      posting.lines.push_back({stripe_side(now->wallet), {-now->left().value}});
    }
    return post(draft_, posting, meta_.key);
  }

  void move_count(const std::optional<DepositState>& before, const std::optional<DepositState>& now) {
    if (before && now && before->wallet == now->wallet) return;
    if (before) count_deposit(draft_, before->wallet, -1);
    if (now) count_deposit(draft_, now->wallet, +1);
  }

  void ask_about_unclaimed() {
    if (!is_unclaimed(draft_, session_) || is_unclaimed(draft_.before(), session_)) return;
    raise_alert(
        draft_.effects(), draft_.scope(),
        {"deposit_unclaimed", session_,
         "Deposit " + session_ + " is paid and names no user, customer or amount; nothing was credited."},
        meta_.key);
  }

  void ask_about_unclear(const std::optional<DepositState>& before, const DepositState& now) {
    for (const auto& charge : now.unclear) {
      if (before &&
          std::find(before->unclear.begin(), before->unclear.end(), charge) != before->unclear.end())
        continue;
      raise_alert(draft_.effects(), draft_.scope(),
                  {"refund_currency_mismatch", charge,
                   "Charge " + charge + " was refunded in part in another currency than the deposit " +
                       session_ + " was made in; nothing was taken back."},
                  meta_.key);
    }
  }

  void remember(const std::optional<DepositState>& now) {
    CheckoutSession row = *draft_.find<CheckoutSession>(session_);
    row.credited_to = now ? now->wallet.user_id : std::nullopt;
    row.credited = now ? now->credited : MinorUnits{};
    row.reversed = now ? now->reversed : MinorUnits{};
    row.deposited = row.deposited || now.has_value();  // never unset: the key stays used
    note_fulfilment(row, meta_.key);
    draft_.put(std::move(row));
  }

  // Modes are told apart by the accounts that are posted to.
  std::string named_in_keys(const std::string& id) const {
    return meta_.account ? *meta_.account + ":" + id : id;
  }

  Draft& draft_;
  const std::string& session_;
  const EventMeta& meta_;
};

void name_wallet(const std::optional<DepositState>& position, LinkedReads& linked) {
  if (!position) return;
  const auto& wallet = position->wallet;
  linked.want<Wallet>(wallet_id(wallet.livemode, wallet.currency, *wallet.user_id));
}

}  // namespace

bool claims_deposit(const SessionAttributes& session) {
  return find_text(session.metadata, "type") == "wallet_deposit";
}

std::optional<std::string> believed_user(const Customer& customer) {
  return customer.trusted ? customer.user_id : std::nullopt;
}

bool is_deposit(const CheckoutSession& session) { return claims_deposit(session) && session.trusted; }

void name_wallets(const Draft& draft, const std::vector<std::string>& sessions, LinkedReads& linked) {
  const Draft before = draft.before();
  for (const auto& session : sessions) {
    name_wallet(position_of(before, session), linked);
    name_wallet(position_of(draft, session), linked);
  }
}

Status settle_deposits(Draft& draft, const std::vector<std::string>& sessions, const EventMeta& meta) {
  for (const auto& session : sessions) {
    TRY_STATUS(Settlement(draft, session, meta).run());
  }
  return ok();
}

}  // namespace penstock
