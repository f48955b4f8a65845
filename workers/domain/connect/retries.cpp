#include "workers/domain/connect/retries.h"

#include <algorithm>
#include <array>

#include "workers/domain/connect/payouts.h"
#include "workers/domain/outbound/outbound.h"

namespace penstock {
namespace {

// Left out, because the same payout may succeed later: account_frozen and declined (the bank may lift it),
// could_not_process, insufficient_funds.
constexpr std::array<std::string_view, 13> kPermanentFailures = {
    "account_closed",
    "bank_account_restricted",
    "bank_ownership_changed",
    "debit_not_authorized",
    "incorrect_account_holder_address",
    "incorrect_account_holder_name",
    "incorrect_account_holder_tax_id",
    "incorrect_account_type",
    "invalid_account_number",
    "invalid_account_number_length",
    "invalid_currency",
    "no_account",
    "unsupported_card",
};

bool is_due(const Payout& payout, Timestamp now) noexcept {
  const bool planned = payout.retry_state == RetryState::queued || payout.retry_state == RetryState::due;
  return planned && payout.retry_next_at && *payout.retry_next_at <= now;
}

void exhaust(Payout& payout) {
  payout.retry_state = RetryState::exhausted;
  payout.retry_next_at.reset();
}

}  // namespace

bool is_permanent_failure(std::string_view code) noexcept {
  return std::binary_search(kPermanentFailures.begin(), kPermanentFailures.end(), code);
}

void plan_retry(Payout& payout, const Policy& policy) {
  if (payout.status != PayoutStatus::failed) return;
  if (policy.payout_retry_delays.empty() || is_permanent_failure(payout.failure_code.value_or(""))) {
    exhaust(payout);
  } else if (payout.retry_attempts == 0) {
    payout.retry_state = RetryState::queued;
    payout.retry_next_at = payout.version->created + policy.payout_retry_delays.front();
  }
}

Effects decide_due_retry(const View& view, const std::string& key, Timestamp now, const Policy& policy) {
  Effects effects;
  const Payout* known = view.find<Payout>(key);
  if (known == nullptr || !is_due(*known, now)) return effects;

  Payout row = *known;
  const auto called = static_cast<std::size_t>(++row.retry_attempts);
  if (called < policy.payout_retry_delays.size()) {
    row.retry_state = RetryState::due;
    row.retry_next_at = now + policy.payout_retry_delays[called];
  } else {
    exhaust(row);
  }
  const std::string cause =
      "payout.retry_due:" + cause_of(scope_of(row), row.id) + ":" + std::to_string(called);
  enqueue_outbound(effects, "payout.retry_due", cause, make_event_key("timer", cause),
                   json::to_text(payout_view(row)));
  effects.put(std::move(row));
  effects.outcome = Outcome::applied;
  return effects;
}

}  // namespace penstock
