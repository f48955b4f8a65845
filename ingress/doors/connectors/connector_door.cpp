#include "ingress/doors/connectors/connector_door.h"

#include <array>
#include <span>
#include <utility>

#include "common/crypto/crypto.h"
#include "common/json/codec.h"
#include "ingress/doors/connectors/connector_decision.h"
#include "ingress/doors/connectors/connector_record.h"
#include "ingress/doors/connectors/fetch_ahead.h"
#include "ingress/signatures/stripe_signature.h"

namespace penstock {
namespace {

using registry::Connector;
using registry::Workflows;

constexpr std::string_view kUnknown = "unknown_connector";
constexpr std::string_view kUrlSecret = "url_secret";
constexpr std::string_view kSettingsUnavailable = "settings_unavailable";
constexpr std::string_view kWaitsUnavailable = "waits_unavailable";
constexpr std::chrono::seconds kRetryAfter{5};

// Takes as long to tell that an org without a connector has not signed as that one with a connector has not.
const std::array<std::string, 1> kStandIn{"0123456789abcdef0123456789abcdef"};

std::vector<std::string_view> all_reasons() {
  std::vector<std::string_view> reasons{kUnknown, kUrlSecret, kSettingsUnavailable, kWaitsUnavailable};
  for (std::size_t i = 1; i < kSignatureVerdicts; ++i)
    reasons.push_back(to_string(static_cast<SignatureVerdict>(i)));
  return reasons;
}

Refused unverified(std::string_view reason, std::function<std::string()> detail) {
  return {reason, http::problem(401, "signature_invalid", "the signature is missing or invalid"),
          std::move(detail)};
}

Refused not_now(std::string_view reason, std::string why) {
  return {reason,
          http::problem_with_retry(503, std::string(reason),
                                   "the event could not be taken in now; send it again", kRetryAfter),
          [why = std::move(why)] { return why; }};
}

bool is_url_secret(const Connector* connector, std::string_view given) {
  const bool has_one = connector != nullptr && connector->url_secret;
  const bool equal = crypto::constant_time_equal(crypto::sha256(given),
                                                 crypto::sha256(has_one ? *connector->url_secret : ""));
  return has_one && equal;
}

// The query's `secret`, where it is given, however often.
bool url_secrets_hold(const Connector* connector, const http::Request& request) {
  bool hold = true;
  for (const auto& [name, value] : request.query_parameters)
    if (name == "secret") hold &= is_url_secret(connector, value);
  return hold;
}

http::Response answer_of(const ConnectorDecision& decision, std::string_view event_id) {
  json::Writer out;
  out.begin_object().key("action").string(to_string(decision.action)).key("eventId").string(event_id);
  if (decision.reason) out.key("reason").string(*decision.reason);
  json::encode(out.key("runIds"), decision.run_ids());
  out.end_object();
  http::Response response;
  response.body = std::move(out).text();
  return response;
}

struct ConnectorDoor {
  const ConnectorDoorOptions options;
  const Catalogue& catalogue;
  const registry::Table& settings;
  const waits::Table& waits;

  // nullptr: the org has none. Or why that cannot be told now.
  template <class Value>
  using Found = std::variant<const Value*, Refused>;

  template <class Value>
  static Found<Value> find(const registry::Snapshot& known, std::string_view org) {
    const auto* entry = known.find<Value>(org);
    if (entry == nullptr && !known.filled())
      return not_now(kSettingsUnavailable, "the settings have not been read from the log yet");
    if (entry == nullptr) return nullptr;
    if (entry->value == nullptr)
      return not_now(kSettingsUnavailable,
                     "a setting of the org cannot be opened; PENSTOCK_MASTER_KEY lacks its key");
    return entry->value.get();
  }

  template <class Value>
  static const Value* value_of(const Found<Value>& found) noexcept {
    const auto* value = std::get_if<const Value*>(&found);
    return value != nullptr ? *value : nullptr;
  }

  std::shared_ptr<const StripeSignature> scheme_of(std::span<const std::string> secrets) const {
    return std::make_shared<const StripeSignature>(secrets, options.tolerance, SigningKeys::Kept::bytes);
  }

  // Judges heads alone, which the secrets have no part in.
  const std::shared_ptr<const StripeSignature> any_secrets = scheme_of(kStandIn);

  // The request must outlive what is made of it.
  static Refused refused(SignatureVerdict verdict, std::shared_ptr<const StripeSignature> scheme,
                         const http::Request& request, Timestamp now) {
    return unverified(to_string(verdict), [verdict, scheme = std::move(scheme), &request, now] {
      return scheme->explain(verdict, request.head, request.body, now);
    });
  }

  std::optional<Refused> authenticate_head(const http::Request& request, Timestamp now) const {
    const auto& known = settings.current();
    const auto org = request.parameter("org");
    fetch_settings(known, org);
    auto found = find<Connector>(known, org);
    if (auto* refused = std::get_if<Refused>(&found)) return std::move(*refused);
    const auto verdict = any_secrets->judge_head(request.head, now);
    if (verdict == SignatureVerdict::valid) return std::nullopt;
    return refused(verdict, any_secrets, request, now);
  }

  // Everything is compared, whatever of it fails.
  std::optional<Refused> authenticate(const Connector* connector, const http::Request& request,
                                      Timestamp now) const {
    const auto secrets = connector != nullptr ? std::span<const std::string>(connector->signing_secrets)
                                              : std::span<const std::string>(kStandIn);
    const bool ours = is_stripe_signed(secrets, request.head, request.body);
    const bool secrets_hold = url_secrets_hold(connector, request);
    if (connector != nullptr && ours && secrets_hold) return std::nullopt;
    Refused mismatch = refused(SignatureVerdict::signature_mismatch, scheme_of(secrets), request, now);
    if (connector == nullptr)
      return unverified(kUnknown, [explain = std::move(mismatch.detail)] {
        (void)explain();  // which takes its time
        return std::string("the org has no connector; PUT /v1/orgs/{org}/connectors/stripe makes one");
      });
    if (!ours) return mismatch;
    return unverified(kUrlSecret, [] { return std::string("the URL's secret is not the connector's"); });
  }

  Received receive(http::Request& request, Timestamp now) const {
    const auto& known = settings.current();
    const auto org = request.parameter("org");
    auto connector = find<Connector>(known, org);
    auto workflows = find<Workflows>(known, org);
    if (auto* refused = std::get_if<Refused>(&connector)) return std::move(*refused);
    fetch_workflows(value_of(workflows));
    if (auto refused = authenticate(value_of(connector), request, now)) return *std::move(refused);
    if (auto* refused = std::get_if<Refused>(&workflows)) return std::move(*refused);
    fetch_patterns_and_steps(value_of(workflows));
    return decide(*value_of(connector), value_of(workflows), std::move(request.body), now);
  }

  Received decide(const Connector& connector, const Workflows* workflows, std::string body,
                  Timestamp now) const {
    const auto& waiting = waits.current();
    if (!waiting.filled())
      return not_now(kWaitsUnavailable, "the runs that wait have not been read from the log yet");
    auto event = summarise(body).value_or(EventSummary{});
    const bool is_event = is_snapshot_event(event);
    ConnectorDecision decision{.reason = "no_event"};
    if (is_event)
      decision =
          decide_connector({connector.org, event.id, event.type, event.livemode.value_or(false), body, now},
                           connector, workflows, waiting);
    if (event.id.empty()) event.id = crypto::uuid_v7(now);
    auto answer = answer_of(decision, event.id);
    return VerifiedEvent{connector_record(connector.org, std::move(event), std::move(body),
                                          is_event ? &decision : nullptr, catalogue, now),
                         std::move(answer)};
  }
};

}  // namespace

Door connector_door(const ConnectorDoorOptions& options, const Catalogue& catalogue,
                    const registry::Table& settings, const waits::Table& waits) {
  const auto door = std::make_shared<const ConnectorDoor>(ConnectorDoor{options, catalogue, settings, waits});
  return {.name = "connectors",
          .paths = {"/v1/orgs/{org}/integrations/stripe"},
          .media_type = "application/json",
          .refusal = "connector refused",
          .reasons = all_reasons(),
          .accepted = {.status = 200},
          .authenticate_head = [door](const http::Request& request,
                                      Timestamp now) { return door->authenticate_head(request, now); },
          .receive = [door](http::Request& request, Timestamp now) { return door->receive(request, now); }};
}

}  // namespace penstock
