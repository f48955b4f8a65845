#include "common/crypto/crypto.h"
#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/setting_collection.h"
#include "ingress/admin/api/webhook_attempts.h"
#include "workers/deliveries/endpoints.h"
#include "workers/deliveries/envelope.h"
#include "workers/deliveries/results.h"

namespace penstock::admin {
namespace {

constexpr std::string_view kType = "webhook.test";

// One that stands in no outbox and no feed: it is for this config alone, and tells nothing.
struct TestEvent {
  OutboxRow event;
  std::string body;
};
TestEvent make_event(const Request& request, const std::string& config, Timestamp now) {
  json::Writer data;
  data.begin_object().key("config").string(config).end_object();
  OutboxRow event{crypto::uuid_v7(now), std::string(kType), request.org, {}, std::move(data).text(), {}, {}};
  std::string body = envelope(event, now);
  return {std::move(event), std::move(body)};
}

// Writes the attempt, and answers with it.
void log_attempt(const Context& context, const SentDelivery& sent, const std::string& body,
                 const Reply& reply) {
  DeliveryAttempt attempt = attempt_of(sent);
  attempt.request_body = body;
  attempt.status =
      verdict_of(sent.result) == Verdict::succeeded ? DeliveryStatus::succeeded : DeliveryStatus::failed;
  json::Writer out;
  encode_attempt(out, attempt, sent.sent_at, attempt.request_body);
  auto transaction = context.store.begin();
  if (!transaction) return reply(transaction.error());
  const TableRows change{&table_of<DeliveryAttempt>(),
                         {{to_cells(std::move(attempt)), 0, {sent.sent_at, sent.sent_at, {}}}}};
  if (const auto written = transaction.value()->commit(std::span(&change, 1)); !written)
    return reply(written.error());
  reply(json_response(std::move(out)));
}

}  // namespace

void test_webhook_config(const Context& context, const std::shared_ptr<const Request>& request,
                         const Reply& reply) {
  QueryReader query(*request);
  if (auto refusal = query.refusal()) return reply(*std::move(refusal));
  auto configs = read_collection<registry::WebhookConfigs>(context, request->org);
  if (!configs) return reply(configs.error());
  const std::string id(request->parameter("id"));
  const auto* config = find_item(configs.value().all, id);
  if (config == nullptr) return reply(not_found("webhook config"));

  const Timestamp now = context.clock.now();
  const EndpointTerms terms = terms_of(*config, now);
  const TestEvent test = make_event(*request, id, now);
  Delivery delivery;
  delivery.endpoint = config_endpoint(request->org, id);
  delivery.org = request->org;
  delivery.event = test.event.id;
  delivery.type = test.event.type;
  SentDelivery sent{std::move(delivery), terms.url,
                    signed_fields(test.event.id, test.body, terms.secrets, now), now, SendFailure{}};
  OutgoingRequest outgoing = request_to(terms.url, sent.fields, test.body, context.outgoing.timeout);
  // The API may have ended by then: what is submitted runs only while it has not.
  const auto done = [submit = context.submit, &context, sent, body = test.body,
                     reply](SendResult<OutgoingAnswer> result) {
    SentDelivery ended = sent;
    ended.result = std::move(result);
    if (!submit([&context, ended, body, reply] { log_attempt(context, ended, body, reply); }))
      reply(http::problem_with_retry(503, "overloaded", "the attempt was made, and could not be written down",
                                     std::chrono::seconds{1}));
  };
  auto taken = context.outgoing.sender.send(std::move(outgoing), done);
  if (taken) return;
  if (taken.error().error == SendError::overloaded)
    return reply(Error{ErrorCode::overloaded, taken.error().detail});
  done(std::move(taken).error());
}

}  // namespace penstock::admin
