#include <algorithm>

#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/scopes.h"
#include "ingress/fields/body_reader.h"
#include "workers/domain/connect/accounts.h"
#include "workers/domain/connect/payouts.h"
#include "workers/domain/connect/session_payments.h"
#include "workers/runtime/batch.h"

namespace penstock::admin {
namespace {

Registration read_registration(const http::Request& request, BodyReader& in) {
  Registration registration;
  registration.id = request.parameter("id");
  if (registration.id.size() > kIdBytesMax) in.refuse("id", "must not be longer than 255 bytes");
  registration.tester_id = in.id("tester_id");
  registration.payout = in.optional_id("payout");
  if (const auto amount = in.optional_integer("amount")) {
    if (*amount < 0) in.refuse("amount", "must not be negative");
    registration.terms.amount = MinorUnits{*amount};
  }
  registration.terms.currency = in.optional_currency("currency");
  registration.terms.account = in.optional_id("account");
  registration.livemode = in.optional_boolean("livemode");
  return registration;
}

Result<Effects> register_session_payment(const Context& context, const Registration& registration,
                                         const EventKey& by) {
  return carry_out(
      context.store, context.clock,
      {by, [&](const View& view, Reads& reads) { name_reads(view, registration, reads); },
       [&](const View& view) -> Result<Effects> { return decide_registration(view, registration, by); }});
}

Result<http::Response> show_session_payment(Store& store, const std::string& id,
                                            std::optional<bool> livemode) {
  TRY(const auto rows, read_asked_rows<SessionPayment>(store, id, {livemode, {}}));
  if (rows.empty()) return not_found("session payment");
  const auto& first = rows.front();
  if (livemode) return resource_response(session_payment_view(first.row), first.stamp);
  const auto row_of = [&](bool live) {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const auto& each) { return each.row.livemode == live; });
    return found == rows.end() ? nullptr : &found->row;
  };
  const SessionPayment& shown = shown_of(row_of(true), row_of(false));
  const auto& stamp = &shown == &first.row ? first.stamp : rows.back().stamp;
  return resource_response(session_payment_view_of_any_mode(shown), stamp);
}

}  // namespace

Result<http::Response> get_account(const Context& context, const Request& request) {
  QueryReader in(request);
  const AskedScope asked{in.boolean("livemode"), {}};
  if (auto refusal = in.refusal()) return *std::move(refusal);
  const std::string id(request.parameter("id"));
  TRY(const auto found, read_asked<ConnectedAccount>(context.store, id, asked));
  return found ? resource_response(account_view(found->row), found->stamp) : not_found("account");
}

Result<http::Response> get_payout(const Context& context, const Request& request) {
  QueryReader in(request);
  const AskedScope asked = asked_scope(in);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  const std::string id(request.parameter("id"));
  TRY(const auto found, read_asked<Payout>(context.store, id, asked));
  return found ? resource_response(payout_view(found->row), found->stamp) : not_found("payout");
}

Result<http::Response> get_session_payment(const Context& context, const Request& request) {
  QueryReader in(request);
  const auto livemode = in.boolean("livemode");
  if (auto refusal = in.refusal()) return *std::move(refusal);
  return show_session_payment(context.store, std::string(request.parameter("id")), livemode);
}

Result<http::Response> put_session_payment(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  BodyReader in(request);
  const Registration registration = read_registration(request, in);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY_STATUS(register_session_payment(context, registration, make_event_key("admin", request.request_id())));
  return show_session_payment(context.store, registration.id, registration.livemode);
}

}  // namespace penstock::admin
