#include "ingress/admin/api/webhook_attempts.h"

#include "common/json/codec.h"
#include "workers/deliveries/endpoints.h"
#include "workers/deliveries/envelope.h"

namespace penstock::admin {

std::string_view config_id_of(const DeliveryAttempt& attempt) {
  const auto config = config_of(attempt.endpoint);
  return config ? config->id : std::string_view(attempt.endpoint);
}

void encode_attempt(json::Writer& out, const DeliveryAttempt& attempt, Timestamp sent_at,
                    const std::optional<std::string>& body) {
  out.begin_object().key("id").string(attempt.id).key("config_id").string(config_id_of(attempt));
  out.key("event_id").string(envelope_id(attempt.event)).key("event_type").string(attempt.type);
  out.key("attempt").integer(attempt.attempt).key("status").string(to_string(attempt.status));
  out.key("url").string(attempt.url);
  json::encode(out.key("request_headers"), attempt.request_headers);
  json::encode(out.key("request_body"), body);
  json::encode(out.key("status_code"), attempt.status_code);
  json::encode(out.key("response_body"), attempt.response_body);
  json::encode(out.key("error"), attempt.error);
  json::encode(out.key("error_detail"), attempt.error_detail);
  json::encode(out.key("timings_us"), attempt.timings_us);
  out.key("duration_ms").integer(attempt.duration_ms);
  json::encode(out.key("created_at"), sent_at);
  json::encode(out.key("next_attempt_at"), attempt.next_attempt_at);
  out.end_object();
}

}  // namespace penstock::admin
