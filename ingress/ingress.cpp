#include "ingress/ingress.h"

#include "common/observe/log.h"
#include "common/wiring/addresses.h"
#include "common/wiring/http_sender.h"
#include "common/wiring/kafka_log.h"
#include "ingress/doors/confirmations/confirmations_door.h"
#include "ingress/doors/connectors/connector_door.h"
#include "ingress/doors/events/events_door.h"
#include "ingress/doors/partners/partner_door.h"
#include "ingress/doors/reports/reports_door.h"

namespace penstock {
namespace {

constexpr Milliseconds kDrainDeadline{15'000};

KnowsAd known_ads(const registry::Table& settings) {
  return [&settings](std::string_view id) {
    const auto& now = settings.current();
    return now.find<registry::KnownAd>(id) != nullptr || !now.filled();
  };
}

// The doors of the public listener: a line each.
std::vector<Door> doors(const Settings& settings, const Registry& registry, const waits::Table& waits,
                        const Sessions& sessions, const std::shared_ptr<Claims>& claims) {
  std::vector<Door> all;
  all.push_back(stripe_door(stripe_door_options(settings), Catalogue::builtin()));
  all.push_back(partner_door({}, Catalogue::builtin(), registry.table()));
  all.push_back(connector_door({}, Catalogue::builtin(), registry.table(), waits));
  all.push_back(ads_door(ads_door_options(settings), Catalogue::builtin(), known_ads(registry.table())));
  all.push_back(confirmations_door(Catalogue::builtin(), registry.table()));
  all.push_back(reports_door(reports_door_options(settings), {registry.table(), sessions, claims},
                             Catalogue::builtin()));
  all.push_back(events_door(Catalogue::builtin(), registry.table()));
  return all;
}

}  // namespace

Ingress::Ingress(const Settings& settings, EventLog& log, const Registry& registry, const Clock& clock,
                 Metrics& metrics)
    : settings_(settings),
      log_(log),
      registry_(registry),
      clock_(clock),
      metrics_(metrics),
      sessions_(std::make_shared<const Sessions>(session_options(settings), settings.master_keys, clock)),
      claims_(std::make_shared<Claims>(claims_options(settings), clock, metrics)),
      waits_(log, clock, metrics),
      intake_(intake_options(settings), log, clock, metrics),
      claims_follower_(std::in_place, log, claims_) {}

Status Ingress::ready() { return intake_.ready(topics_in_use()); }

ReadinessCheck Ingress::log_check() {
  return {"log", log_address(settings_), [this] { return ready(); }};
}

Result<IdentityProviders> Ingress::open_providers() {
  IdentityProviders providers;
  if (settings_.oauth_providers.empty()) return providers;
  TRY(sender_, open_http_sender(provider_hosts(settings_)));
  for (auto& options : identity_provider_options(settings_)) {
    std::string name = options.name;
    providers.emplace(std::move(name), make_identity_provider(std::move(options), *sender_, clock_));
  }
  return providers;
}

// The routes are there without a provider too: who is signed in can sign out.
Status Ingress::open_sign_in() {
  auto providers = open_providers();
  if (!providers) {
    log::error("cannot ask identity providers", {{"detail", providers.error().detail}});
    return providers.error();
  }
  sign_in_.emplace(
      sign_in_options(settings_),
      SignInParts{std::move(providers).value(),
                  [this](Record&& record, AppendDone done) {
                    return intake_.append(std::move(record), std::move(done));
                  },
                  registry_.table(), registry_.sealer(), sessions_, Catalogue::builtin(), clock_, metrics_});
  return ok();
}

ReadinessCheck Ingress::waits_check() const {
  return {"waits", {}, [this] { return waits_.ready(); }};
}

ReadinessCheck Ingress::claims_check() const {
  return {"claims", {}, [this] { return claims_->ready(); }};
}

Status Ingress::start(Readiness& readiness) {
  TRY_STATUS(open_sign_in());
  probes_.emplace(ProbeOptions{}, readiness, metrics_);
  auto all_doors = doors(settings_, registry_, waits_.table(), *sessions_, claims_);
  auto routes = probes_->routes();
  for (Door& door : all_doors)
    for (auto& route : intake_.routes(std::move(door))) routes.push_back(std::move(route));
  for (auto& route : sign_in_->routes()) routes.push_back(std::move(route));
  server_.emplace(public_server_options(settings_), std::move(routes), metrics_);
  return start_listener(*server_, "ingress");
}

void Ingress::stop() {
  server_->stop(kDrainDeadline);
  sender_.reset();
  if (const auto flushed = log_.flush(settings_.ack_timeout); !flushed)
    log::warn("some records were not acknowledged before the end", {{"detail", flushed.error().detail}});
  claims_follower_.reset();
  server_.reset();
  probes_.reset();
}

}  // namespace penstock
