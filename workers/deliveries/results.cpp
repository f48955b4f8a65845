#include "workers/deliveries/results.h"

#include <map>

#include "common/catalogue/catalogue.h"
#include "common/core/utf8.h"
#include "common/crypto/crypto.h"

namespace penstock {
namespace {

constexpr std::string_view kChangedBy = "deliveries";
constexpr std::size_t kResponseBytesKept = 4 * 1024;
constexpr std::size_t kDetailBytesKept = 512;

struct StoredDelivery {
  Delivery delivery;
  std::int64_t rev = 0;
  Timestamp created_at;
};

std::optional<std::int64_t> retries_of(std::string_view type) {
  const auto* known = Catalogue::builtin().outbound(type);
  return known == nullptr ? std::nullopt : known->retries;
}

// How long each phase took that there was.
std::map<std::string, std::int64_t> timings_of(const SendProgress& progress) {
  std::map<std::string, std::int64_t> timings{{"whole", progress.whole.count()}};
  SendProgress::Moment reached{};
  const auto phase = [&](const char* name, const std::optional<SendProgress::Moment>& ended) {
    if (!ended) return;
    timings[name] = (*ended - reached).count();
    reached = *ended;
  };
  phase("resolve", progress.resolved);
  phase("connect", progress.connected);
  phase("tls", progress.secured);
  phase("first_byte", progress.first_byte);
  return timings;
}

// What the delivery is after this attempt. One that another attempt has brought there stays so.
void settle(Delivery& delivery, const SentDelivery& sent, const std::vector<Milliseconds>& schedule,
            double luck, Timestamp now) {
  ++delivery.attempts;
  const Verdict verdict = verdict_of(sent.result);
  if (delivery.status == DeliveryStatus::succeeded && verdict != Verdict::succeeded) return;
  delivery.due_at.reset();
  delivery.failed_at.reset();
  delivery.status = DeliveryStatus::succeeded;
  if (verdict == Verdict::succeeded) return;
  if (verdict == Verdict::retry) {
    const auto after = sent.result ? retry_after(sent.result.value(), now) : std::nullopt;
    delivery.due_at = next_attempt_at(schedule, delivery.attempts - delivery.attempts_before,
                                      retries_of(delivery.type), luck, after, now);
  }
  delivery.status = delivery.due_at ? DeliveryStatus::pending : DeliveryStatus::failed;
  if (!delivery.due_at) delivery.failed_at = now;
}

}  // namespace

DeliveryAttempt attempt_of(const SentDelivery& sent) {
  DeliveryAttempt attempt;
  attempt.id = crypto::uuid_v7(sent.sent_at);
  attempt.delivery = sent.delivery.id;
  attempt.endpoint = sent.delivery.endpoint;
  attempt.org = sent.delivery.org;
  attempt.event = sent.delivery.event;
  attempt.type = sent.delivery.type;
  attempt.url = sent.url;
  for (const auto& [name, value] : sent.fields) attempt.request_headers.emplace(name, value);
  const SendProgress* progress = nullptr;
  if (sent.result) {
    const auto& answer = sent.result.value();
    progress = &answer.progress;
    attempt.status_code = answer.status;
    attempt.response_body = readable_prefix(answer.body, kResponseBytesKept);
  } else {
    const auto& failure = sent.result.error();
    progress = &failure.progress;
    attempt.error = std::string(to_string(failure.error));
    attempt.error_detail = readable_prefix(failure.detail, kDetailBytesKept);
    if (failure.status != 0) attempt.status_code = failure.status;
  }
  if (attempt.status_code) attempt.status_class = std::to_string(*attempt.status_code / 100) + "xx";
  attempt.timings_us = timings_of(*progress);
  attempt.duration_ms = std::chrono::duration_cast<Milliseconds>(progress->whole).count();
  return attempt;
}

Result<std::vector<Delivery>> write_results(Store& store, const Clock& clock,
                                            const std::vector<Milliseconds>& schedule, double luck,
                                            std::span<const SentDelivery> results) {
  const Timestamp now = clock.now();
  TableKeys wanted{&table_of<Delivery>(), {}};
  for (const auto& each : results) wanted.keys.push_back(each.delivery.id);
  TRY(auto transaction, store.begin());
  TRY(const auto answered, transaction->load(std::span(&wanted, 1)));
  std::map<std::string, StoredDelivery> stored;
  for (const auto& row : answered.front().rows) {
    TRY(auto delivery, from_row<Delivery>(row));
    const std::string id = delivery.id;
    stored.emplace(id, StoredDelivery{std::move(delivery), row.rev, row.stamp.created_at});
  }
  TableRows attempts{&table_of<DeliveryAttempt>(), {}}, deliveries{&table_of<Delivery>(), {}};
  for (const auto& each : results) {
    const auto found = stored.find(each.delivery.id);
    if (found == stored.end()) continue;
    Delivery& delivery = found->second.delivery;
    settle(delivery, each, schedule, luck, now);
    DeliveryAttempt attempt = attempt_of(each);
    attempt.attempt = delivery.attempts;
    attempt.status = delivery.status;
    attempt.next_attempt_at = delivery.due_at;
    attempts.rows.push_back({to_cells(std::move(attempt)), 0, {each.sent_at, each.sent_at, {}}});
  }
  std::vector<Delivery> settled;
  for (auto& [id, each] : stored) {
    settled.push_back(each.delivery);
    deliveries.rows.push_back(
        {to_cells(std::move(each.delivery)), each.rev, {each.created_at, now, std::string(kChangedBy)}});
  }
  const TableRows changes[] = {deliveries, attempts};
  TRY_STATUS(transaction->commit(changes));
  return settled;
}

}  // namespace penstock
