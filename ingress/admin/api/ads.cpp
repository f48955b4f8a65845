#include "workers/domain/ads/ads.h"

#include "common/core/uuid.h"
#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/setting_resource.h"
#include "ingress/admin/api/stored.h"
#include "ingress/fields/body_reader.h"
#include "workers/runtime/batch.h"

namespace penstock::admin {
namespace {

MicroUnits read_amount(BodyReader& in, std::string_view name) {
  const auto amount = in.optional_integer(name);
  if (!amount) in.refuse(name, "is required");
  if (amount && *amount < 0) in.refuse(name, "must not be negative");
  return {amount.value_or(0)};
}

AdTerms read_terms(const http::Request& request, BodyReader& in) {
  AdTerms terms;
  terms.id = request.parameter("id");
  if (!is_uuid(terms.id)) in.refuse("id", "must be a UUID: 36 characters, in lower case");
  terms.name = {in.optional_id("name")};
  terms.price.budget = read_amount(in, "budget");
  terms.price.cost_per_impression = read_amount(in, "cost_per_impression");
  if (auto currency = in.optional_currency("currency"))
    terms.price.currency = *std::move(currency);
  else
    in.refuse("currency", "is required");
  terms.status = in.optional_word<AdStatus>("status");
  return terms;
}

std::string audit_detail(const AdTerms& terms) {
  json::Writer out;
  out.begin_object();
  json::encode_members(out, terms.name);
  json::encode_members(out, terms.price);
  json::encode(out.key("status"), terms.status);
  out.end_object();
  return std::move(out).text();
}

http::Response currency_fixed() {
  http::Response response =
      http::problem(409, std::string(kCurrencyFixed), "the ad has been shown in another currency");
  response.problem->fields = {{"/currency", "must stay as it is once the ad has impressions"}};
  return response;
}

// An ad that nobody has registered may have impressions, and is not there all the same.
Result<http::Response> show_ad(Store& store, std::string_view id) {
  TRY(const auto found, read_row<Ad>(store, id));
  if (!found || !found->row.registered) return not_found("ad");
  return resource_response(ad_view(found->row), found->stamp);
}

}  // namespace

Result<http::Response> get_ad(const Context& context, const Request& request) {
  QueryReader in(request);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  return show_ad(context.store, request.parameter("id"));
}

Result<http::Response> list_ads(const Context& context, const Request& request) {
  ListQuery query;
  QueryReader in(request);
  if (const auto status = in.word<AdStatus>("status"))
    query.filters.push_back({"status", std::string(to_string(*status))});
  query.filters.push_back({"registered", true});
  in.page("ads", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto page, read_page<Ad>(context.store, "ads", query));
  return page_response(
      page, [](json::Writer& out, const auto& each) { encode_resource(out, ad_view(each.row), each.stamp); });
}

Result<http::Response> put_ad(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  BodyReader in(request);
  const AdTerms terms = read_terms(request, in);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  const EventKey by = make_event_key("admin", request.request_id());
  TRY(const auto effects,
      carry_out(context.store, context.clock,
                {by, [&](const View& view, Reads& reads) { name_reads(view, terms, reads); },
                 [&](const View& view) -> Result<Effects> {
                   return decide_terms(view, terms, context.clock.now(), by);
                 }}));
  if (effects.reason == kCurrencyFixed) return currency_fixed();
  TRY(auto unpublished,
      change_setting(context, change_of<registry::KnownAd>(request, terms.id, "put", audit_detail(terms)),
                     [](const std::optional<registry::Values>&) -> Result<std::optional<registry::Values>> {
                       return std::optional<registry::Values>(registry::KnownAd{});
                     }));
  if (unpublished) return *std::move(unpublished);
  return show_ad(context.store, terms.id);
}

}  // namespace penstock::admin
