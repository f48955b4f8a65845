#include "workers/domain/fulfilment/fulfil.h"

#include <algorithm>
#include <array>

#include "workers/domain/ledger/deposits.h"
#include "workers/domain/outbound.h"
#include "workers/domain/payments/payment.h"
#include "workers/domain/read.h"

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

Fulfilment refuse(Draft& draft, const CheckoutSession& session, Fulfilment why, const EventKey& event) {
  const bool unknown = why == Fulfilment::unknown_app;
  const std::string message = unknown ? "Payment " + session.id + " is for the app \"" + *session.app_slug +
                                            "\", which nobody handles."
                                      : "Payment " + session.id + " names nothing that the app \"" +
                                            *session.app_slug + "\" could grant.";
  raise(draft.effects(), {unknown ? "app_unknown" : "fulfilment_incomplete", session.id, message}, event);
  return why;
}

void grant(Draft& draft, CheckoutSession session, Grants grants, const EventKey& event) {
  draft.effects().add(Fulfillment{session.id, session.id, *session.app_slug, "grant", session.user_id,
                                  session.customer, std::move(grants), event});
  session.fulfilled = true;
  session.fulfilled_by = event;
  draft.put(std::move(session));
}

}  // namespace

Fulfilment fulfil(Draft& draft, const std::string& session, const EventKey& event) {
  const auto rows = rows_of_session(draft, session);
  if (!rows || !is_paid(*rows)) return Fulfilment::nothing_due;
  const CheckoutSession& row = *rows->session;
  if (row.fulfilled || !row.app_slug || is_deposit(row)) return Fulfilment::nothing_due;
  const App* app = find_app(*row.app_slug);
  if (app == nullptr) return refuse(draft, row, Fulfilment::unknown_app, event);
  auto grants = app->grants(row.metadata);
  if (grants.empty()) return refuse(draft, row, Fulfilment::incomplete, event);
  grant(draft, row, std::move(grants), event);
  return Fulfilment::done;
}

}  // namespace penstock
