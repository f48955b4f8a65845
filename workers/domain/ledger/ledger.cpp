#include "workers/domain/ledger/ledger.h"

#include <map>

#include "workers/domain/outbound/outbound.h"

namespace penstock {

std::string wallet_id(bool livemode, std::string_view currency, std::string_view user_id) {
  return Scope{livemode}.key(std::string(currency).append(":").append(user_id));
}

std::string LedgerAccount::name() const {
  if (user_id) return "wallet:" + wallet_id(livemode, currency, *user_id);
  return "stripe:" + Scope{livemode}.key(currency);
}

LedgerAccount stripe_side(const LedgerAccount& wallet) {
  return {wallet.livemode, wallet.currency, std::nullopt};
}

namespace {

using Lines = std::map<LedgerAccount, MinorUnits>;

Error overflow(const std::string& account) { return {ErrorCode::invalid, "amount_overflow: " + account}; }

Result<Lines> sum_by_account(const Posting& posting) {
  Lines lines;
  for (const auto& line : posting.lines) {
    const auto sum = checked_add(lines[line.account], line.amount);
    if (!sum) return overflow(line.account.name());
    lines[line.account] = *sum;
  }
  std::erase_if(lines, [](const auto& line) { return line.second == MinorUnits{}; });
  return lines;
}

Wallet wallet_of(const Draft& draft, const LedgerAccount& account) {
  const std::string id = wallet_id(account.livemode, account.currency, *account.user_id);
  if (const auto* known = draft.find<Wallet>(id)) return *known;
  return {id, *account.user_id, account.currency, account.livemode, {}, 0};
}

void put_wallet(Draft& draft, Wallet wallet) {
  draft.effects().touch("wallets", wallet.user_id);
  draft.put(std::move(wallet));
}

Status add_to_wallet(Draft& draft, const LedgerAccount& account, MinorUnits amount) {
  Wallet wallet = wallet_of(draft, account);
  const auto balance = checked_add(wallet.balance, amount);
  if (!balance) return overflow(account.name());
  wallet.balance = *balance;
  put_wallet(draft, std::move(wallet));
  return ok();
}

void enqueue_owner(Draft& draft, const Posting& posting, const LedgerAccount& account, MinorUnits amount,
                   const EventKey& event) {
  const bool credited = amount > MinorUnits{};
  json::Writer data;
  data.begin_object().key("user_id").string(*account.user_id);
  data.key("amount")
      .integer(credited ? amount.value : -amount.value)
      .key("currency")
      .string(account.currency);
  data.key("livemode").boolean(account.livemode).key("payment").string(posting.payment).end_object();
  enqueue_outbound(draft.effects(), credited ? "wallet.credited" : "wallet.reversed",
                   posting.effect_key + "/" + posting.payment + "/" + account.name(), event,
                   std::move(data).text());
}

LedgerEntry entry_of(const Posting& posting, const LedgerAccount& account, MinorUnits amount,
                     const EventKey& event) {
  LedgerEntry entry;
  entry.account = account.name();
  entry.id = posting.effect_key + "/" + posting.payment + "/" + entry.account;
  entry.effect_key = posting.effect_key;
  entry.kind = posting.kind;
  entry.amount = amount;
  entry.currency = account.currency;
  entry.livemode = account.livemode;
  entry.user_id = account.user_id;
  entry.payment = posting.payment;
  entry.event = event;
  return entry;
}

bool sums_to_zero(const Lines& lines) {
  std::map<LedgerAccount, std::uint64_t> sums;  // unsigned: no partial sum overflows
  for (const auto& [account, amount] : lines)
    sums[stripe_side(account)] += static_cast<std::uint64_t>(amount.value);
  for (const auto& [side, sum] : sums)
    if (sum != 0) return false;
  return true;
}

}  // namespace

Status post(Draft& draft, const Posting& posting, const EventKey& event) {
  TRY(const Lines lines, sum_by_account(posting));
  CHECK(sums_to_zero(lines));
  for (const auto& [account, amount] : lines) {
    draft.effects().add(entry_of(posting, account, amount, event));
    if (!account.user_id) continue;
    TRY_STATUS(add_to_wallet(draft, account, amount));
    enqueue_owner(draft, posting, account, amount, event);
  }
  return ok();
}

void count_deposit(Draft& draft, const LedgerAccount& wallet, std::int64_t change) {
  Wallet row = wallet_of(draft, wallet);
  row.deposits += change;
  put_wallet(draft, std::move(row));
}

}  // namespace penstock
