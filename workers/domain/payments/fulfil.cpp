#include "workers/domain/payments/fulfil.h"

#include <algorithm>
#include <array>

#include "workers/domain/event/metadata.h"
#include "workers/domain/outbound/outbound.h"
#include "workers/domain/payments/deposits.h"
#include "workers/domain/payments/payment.h"

namespace penstock {
namespace {

using Metadata = std::map<std::string, std::string>;
using Grants = std::vector<Grant>;

std::string_view trim(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

// Empty ids and repetitions grant nothing.
void add_grant(Grants& grants, std::string_view kind, std::string_view id) {
  Grant grant{std::string(kind), std::string(trim(id))};
  if (!grant.id.empty() && std::find(grants.begin(), grants.end(), grant) == grants.end())
    grants.push_back(std::move(grant));
}

void add_each(Grants& grants, std::string_view kind, std::string_view list) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    add_grant(grants, kind, list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

Grants grant_course(const Metadata& metadata) {
  Grants grants;
  add_grant(grants, "course", find_text(metadata, "course_id").value_or(""));
  return grants;
}

Grants grant_bundle(const Metadata& metadata) {
  Grants grants;
  add_grant(grants, "bundle", find_text(metadata, "bundle_id").value_or(""));
  add_each(grants, "course", find_text(metadata, "course_ids").value_or(""));
  return grants;
}

Grants grant_plan(const Metadata& metadata) {
  Grants grants;
  add_grant(grants, "plan", find_text(metadata, "plan").value_or(""));
  return grants;
}

struct App {
  std::string_view slug;
  Grants (*grants)(const Metadata&);
};
constexpr std::array kBuiltInApps = {App{"courses", grant_course}, App{"bundles", grant_bundle},
                                     App{"subscriptions", grant_plan}};

const App* find_app(std::string_view slug) {
  const auto* app = std::find_if(kBuiltInApps.begin(), kBuiltInApps.end(),
                                 [&](const App& each) { return each.slug == slug; });
  return app == kBuiltInApps.end() ? nullptr : app;
}

bool asks_an_app(const CheckoutSession& session) { return session.app_slug && !claims_deposit(session); }

bool is_registered(const Draft& draft, const std::string& slug) {
  const auto* app = draft.find<RegisteredApp>(slug);
  return app != nullptr && app->enabled;
}

bool is_handled(const Draft& draft, const std::string& slug) {
  return find_app(slug) != nullptr || is_registered(draft, slug);
}

bool is_to_be_given(const Draft& draft, const PaymentRows& rows) {
  if (!is_paid(rows) || !rows.session->trusted) return false;
  const auto named = named_by(*rows.session);
  return std::any_of(named.begin(), named.end(),
                     [&](const NamedGrants& each) { return is_handled(draft, each.app_slug); });
}

// A function of the rows alone, so that it can be told when it changes.
Fulfilment due(const Draft& draft, const std::string& session) {
  const auto rows = rows_of_session(draft, session);
  if (!rows || !is_paid(*rows)) return Fulfilment::nothing_due;
  if (asks_an_app(*rows->session)) {
    if (!rows->session->trusted) return Fulfilment::refused;
    if (!is_handled(draft, *rows->session->app_slug)) return Fulfilment::unknown_app;
    if (named_by(*rows->session).empty()) return Fulfilment::incomplete;
  }
  return is_to_be_given(draft, *rows) ? Fulfilment::done : Fulfilment::nothing_due;
}

std::optional<AlertText> alert_about(Fulfilment due, const CheckoutSession& session) {
  const std::string app = "the app \"" + session.app_slug.value_or("") + "\"";
  switch (due) {
    case Fulfilment::unknown_app:
      return AlertText{
          "app_unknown", session.id,
          "Payment " + session.id + " is for " + app + ", which is not registered, or disabled."};
    case Fulfilment::incomplete:
      return AlertText{"fulfilment_incomplete", session.id,
                       "Payment " + session.id + " names nothing that " + app + " could grant."};
    case Fulfilment::refused:
      return AlertText{"grant_refused", session.id,
                       "Payment " + session.id + " of connected account " + session.account.value_or("") +
                           " asks for grants of " + app + "."};
    case Fulfilment::nothing_due:
    case Fulfilment::done:
      return std::nullopt;
  }
  return std::nullopt;
}

// Of each app, all that is named to it.
std::map<std::string, Grants> grants_by_app(const CheckoutSession& session) {
  std::map<std::string, Grants> grants;
  for (const auto& named : named_by(session)) {
    auto& of_app = grants[named.app_slug];
    for (const auto& grant : named.grants) add_grant(of_app, grant.kind, grant.id);
  }
  return grants;
}

// True when nothing was given to the app before.
bool give(Draft& draft, const CheckoutSession& session, const std::string& app, Grants grants,
          const EventKey& event) {
  const std::string id = fulfillment_id(session.id, app);
  const bool is_first = draft.find<Fulfillment>(id) == nullptr;
  auto row = draft.get_or_new<Fulfillment>(id);
  if (is_first) row.event = event;
  row.payment = session.id;
  row.app_slug = app;
  row.action = find_app(app) != nullptr ? "grant" : "payment-succeeded";
  row.user_id = session.user_id;
  row.customer = session.customer;
  row.grants = std::move(grants);
  draft.put(std::move(row));
  return is_first;
}

void give_all(Draft& draft, CheckoutSession session, const EventKey& event) {
  std::vector<std::string> to_tell;
  for (auto& [app, grants] : grants_by_app(session)) {
    if (!is_handled(draft, app)) continue;
    if (give(draft, session, app, std::move(grants), event) && find_app(app) == nullptr)
      to_tell.push_back(app);
  }
  session.granted = true;
  note_fulfilment(session, event);
  const std::string id = session.id;
  draft.put(std::move(session));
  for (const auto& app : to_tell)
    enqueue_for_app(draft.effects(), app, "payment.succeeded", cause_of(draft.scope(), id), event,
                    json::to_text(project(*rows_of_session(draft, id))));
}

void name_app(const std::string& slug, LinkedReads& linked) {
  if (find_app(slug) == nullptr) linked.want<RegisteredApp>(slug);
}

// The app that the session asks for now, and all that its events have named.
void name_apps(const CheckoutSession& session, LinkedReads& linked) {
  if (session.app_slug) name_app(*session.app_slug, linked);
  for (const auto& named : named_by(session)) name_app(named.app_slug, linked);
}

}  // namespace

std::string fulfillment_id(std::string_view payment, std::string_view app_slug) {
  return std::string(payment).append(":").append(app_slug);
}

std::vector<NamedGrants> named_by(const CheckoutSession& session) {
  if (!session.named.empty() || !asks_an_app(session)) return session.named;
  const App* app = find_app(*session.app_slug);
  if (app == nullptr) return {{*session.app_slug, {}}};
  auto grants = app->grants(session.metadata);
  if (grants.empty()) return {};
  return {{*session.app_slug, std::move(grants)}};
}

void name_fulfilments(const Draft& draft, const std::vector<std::string>& sessions, LinkedReads& linked) {
  const Draft before = draft.before();
  for (const auto& session : sessions) {
    const auto& now = *draft.find<CheckoutSession>(session);
    for (const auto& named : named_by(now)) linked.want<Fulfillment>(fulfillment_id(session, named.app_slug));
    name_apps(now, linked);
    if (const auto* known = before.find<CheckoutSession>(session)) name_apps(*known, linked);
  }
}

Fulfilment fulfil(Draft& draft, const std::string& session, const EventKey& event) {
  const Fulfilment before = due(draft.before(), session), now = due(draft, session);
  const auto rows = rows_of_session(draft, session);
  if (rows && is_to_be_given(draft, *rows)) give_all(draft, *rows->session, event);
  const auto alert = now != before ? alert_about(now, *draft.find<CheckoutSession>(session)) : std::nullopt;
  if (alert) raise_alert(draft.effects(), draft.scope(), *alert, event);
  return now;
}

bool is_fulfilled(const CheckoutSession& session) { return session.granted || session.credited_to; }

void note_fulfilment(CheckoutSession& row, const EventKey& event) {
  if (!is_fulfilled(row))
    row.fulfilled_by.reset();
  else if (!row.fulfilled_by)
    row.fulfilled_by = event;
}

}  // namespace penstock
