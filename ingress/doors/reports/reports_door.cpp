#include "ingress/doors/reports/reports_door.h"

#include <cstring>
#include <utility>

#include "common/core/org.h"
#include "common/crypto/crypto.h"
#include "common/json/codec.h"
#include "common/ports/log_admin.h"
#include "ingress/doors/api_key.h"
#include "ingress/doors/idempotency_key.h"
#include "ingress/doors/reports/report_record.h"
#include "ingress/intake/address_limit.h"
#include "ingress/sessions/standing.h"

namespace penstock {
namespace {

constexpr std::string_view kScope = "reports:write";
constexpr std::size_t kBodyKibMax = 64;
constexpr std::string_view kMissing = "credentials_missing";
constexpr std::string_view kInvalid = "report_invalid";
constexpr std::string_view kClaimUnreadable = "claim_unreadable";
constexpr std::string_view kBanned = "banned";

std::vector<std::string_view> all_reasons() {
  std::vector<std::string_view> reasons{kMissing,      kBanned,  kRateLimited,    kIdempotencyKeyInvalid,
                                        kBodyTooLarge, kInvalid, kClaimUnreadable};
  reasons.insert(reasons.end(), kApiKeyReasons.begin(), kApiKeyReasons.end());
  for (const auto& [error, word] : words_of(SessionError{})) reasons.push_back(word);
  return reasons;
}

Refused unauthorized(std::string_view reason, std::string detail) {
  auto answer = http::problem(401, "unauthorized", "a valid API key or session is required");
  answer.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"penstock\"");
  return refuse(reason, std::move(answer), std::move(detail));
}

// Reporters choose neither their own ids nor those of keys, so a digest is as good as both.
std::uint64_t client_of(const Reporter& reporter) {
  const auto digest = crypto::sha256(reporter.org + "\n" + reporter.name);
  std::uint64_t client = 0;
  std::memcpy(&client, digest.data(), sizeof client);
  return client;
}

RateLimitOptions a_minute(std::uint32_t count) {
  return {.count = count, .per = std::chrono::minutes{1}, .burst = count};
}

struct ReportsDoor {
  ReportsDoor(const ReportsDoorOptions& options, ReportsDoorPorts given, const Catalogue& types)
      : ports(std::move(given)),
        catalogue(types),
        of_users(a_minute(options.per_minute_of_user)),
        of_keys(a_minute(options.per_minute_of_key)) {}

  const ReportsDoorPorts ports;
  const Catalogue& catalogue;
  RateLimit of_users;
  RateLimit of_keys;

  std::variant<Reporter, Refused> authenticate(const http::Request& request) const {
    if (!request.header("X-API-Key")) return authenticate_session(request);
    auto known = authenticate_api_key(request, kScope, ports.settings);
    if (auto* refused = std::get_if<Refused>(&known)) return std::move(*refused);
    auto& holder = std::get<KeyHolder>(known);
    return Reporter{std::move(holder.org), "key:" + holder.key_id};
  }

  std::variant<Reporter, Refused> authenticate_session(const http::Request& request) const {
    const auto token = session_token(request.head);
    if (!token) return unauthorized(kMissing, "neither X-API-Key nor a session was given");
    auto session = ports.sessions.verify(*token);
    if (const auto* error = std::get_if<SessionError>(&session))
      return unauthorized(to_string(*error), "the session is " + std::string(to_string(*error)));
    auto& known = std::get<Session>(session);
    if (auto refused = judge_standing(known)) return *std::move(refused);
    return Reporter{std::string(kDefaultOrg), std::move(known.user)};
  }

  std::optional<Refused> judge_standing(const Session& session) const {
    switch (standing_of(session.account, ports.settings.current())) {
      case Standing::welcome:
        return std::nullopt;
      case Standing::banned:
        return refuse(kBanned, http::problem(403, std::string(kBanned), "this account may not come in"),
                      "user " + session.user);
      case Standing::not_read_yet:
        return settings_unavailable(kNotReadYet);
      case Standing::unreadable:
        return settings_unavailable("a ban cannot be opened; PENSTOCK_MASTER_KEY lacks its key");
    }
    return std::nullopt;
  }

  std::optional<Refused> judge_rate(const http::Request& request, const Reporter& reporter, Timestamp now) {
    RateLimit& limit = request.header("X-API-Key") ? of_keys : of_users;
    const auto wait = limit.admit(client_of(reporter), now);
    if (!wait) return std::nullopt;
    return refuse(kRateLimited, rate_limited("too many reports in a minute", *wait), "of " + reporter.name);
  }

  std::optional<Refused> judge_head(const http::Request& request, Timestamp now) {
    auto reporter = authenticate(request);
    if (auto* refused = std::get_if<Refused>(&reporter)) return std::move(*refused);
    if (auto refused = judge_rate(request, std::get<Reporter>(reporter), now)) return refused;
    if (auto refused = judge_idempotency_key(request)) return refused;
    return judge_small_body(request, kBodyKibMax);
  }

  Received receive(http::Request& request, Timestamp now) const {
    auto known = authenticate(request);
    if (auto* refused = std::get_if<Refused>(&known)) return std::move(*refused);
    const auto& reporter = std::get<Reporter>(known);
    const auto idempotency_key = penstock::idempotency_key(request);
    if (!idempotency_key) return report(request, reporter, now);
    std::string key = report_claim_key(reporter, *idempotency_key);
    const Claim known_claim = ports.claims.lock()->find(key);
    return known_claim ? again(*known_claim) : claim(request, reporter, std::move(key), now);
  }

  Received report(http::Request& request, const Reporter& reporter, Timestamp now) const {
    auto body = read_body(request);
    if (auto* refused = std::get_if<Refused>(&body)) return std::move(*refused);
    return report_event(std::get<std::string>(std::move(body)),
                        report_headers(reporter, crypto::uuid_v7(now), now), catalogue)
        .value();
  }

  Received again(const StoredRecord& claim) const {
    auto event = report_event(claim.value, claim.headers, catalogue);
    if (event) return std::move(event).value();
    return refuse(kClaimUnreadable,
                  http::problem_with_retry(503, "try_again", "the first answer cannot be read now",
                                           std::chrono::seconds{5}),
                  event.error().detail);
  }

  Received claim(http::Request& request, const Reporter& reporter, std::string key, Timestamp now) const {
    auto body = read_body(request);
    if (auto* refused = std::get_if<Refused>(&body)) return std::move(*refused);
    Record record{std::string(kClaimsTopic), key, std::get<std::string>(std::move(body)),
                  report_headers(reporter, crypto::uuid_v7(now), now)};
    const auto settle = [held = ports.claims, key = std::move(key), &catalogue = catalogue](
                            const Position& appended, ClaimedEvent::Settled settled) {
      const auto claims = held.lock();
      if (!claims) return settled(Error{ErrorCode::unavailable, "this ingress has ended"});
      claims->decide(key, appended, [&catalogue, settled = std::move(settled)](const Result<Claim>& first) {
        settled(first ? report_event(first.value()->value, first.value()->headers, catalogue)
                      : Result<VerifiedEvent>(first.error()));
      });
    };
    return ClaimedEvent{std::move(record), settle};
  }

  // The body of the event: what the report says, and nothing of how it was spelled, for which claims would need the memory.
  static std::variant<std::string, Refused> read_body(const http::Request& request) {
    auto read = read_report(request);
    if (auto* refusal = std::get_if<http::Response>(&read))
      return refuse(kInvalid, std::move(*refusal), "the body is no report");
    return json::to_text(std::get<PostedReport>(read));
  }
};

}  // namespace

Door reports_door(const ReportsDoorOptions& options, ReportsDoorPorts ports, const Catalogue& catalogue) {
  const auto door = std::make_shared<ReportsDoor>(options, std::move(ports), catalogue);
  return {.name = "reports",
          .paths = {"/v1/reports"},
          .media_type = "application/json",
          .refusal = "report refused",
          .reasons = all_reasons(),
          .accepted = {.status = 201},
          .authenticate_head = [door](const http::Request& request,
                                      Timestamp now) { return door->judge_head(request, now); },
          .receive = [door](http::Request& request, Timestamp now) { return door->receive(request, now); }};
}

}  // namespace penstock
