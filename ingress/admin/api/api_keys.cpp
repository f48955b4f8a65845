#include <algorithm>

#include "common/core/org.h"
#include "common/registry/api_key.h"
#include "ingress/admin/api/setting_resource.h"
#include "ingress/fields/body_reader.h"

namespace penstock::admin {
namespace {

using registry::ApiKey;
using registry::kScopes;

constexpr std::string_view kWhat = "API key";

void show(json::Writer& out, std::string_view id, const ApiKey& key) {
  out.key("id").string(id).key("name").string(key.name).key("org").string(key.org);
  json::encode(out.key("scopes"), key.scopes);
}

std::string all_scopes() {
  std::string text;
  for (const auto scope : kScopes) text.append(text.empty() ? "" : " ").append(scope);
  return text;
}

ApiKey read_key(const Request& request, BodyReader& in) {
  ApiKey key;
  key.org = in.optional_id("org").value_or(request.org);
  if (!is_org_name(key.org)) in.refuse("org", kOrgNameRule);
  key.name = in.id("name");
  if (auto scopes = in.optional_texts("scopes", std::size(kScopes)))
    key.scopes = *std::move(scopes);
  else
    in.refuse("scopes", "is required: a list of " + all_scopes());
  std::sort(key.scopes.begin(), key.scopes.end());
  key.scopes.erase(std::unique(key.scopes.begin(), key.scopes.end()), key.scopes.end());
  for (const auto& scope : key.scopes)
    if (std::find(std::begin(kScopes), std::end(kScopes), scope) == std::end(kScopes))
      in.refuse("scopes", "must each be one of: " + all_scopes());
  return key;
}

}  // namespace

Result<http::Response> list_api_keys(const Context& context, const Request& request) {
  return list_settings<ApiKey>(context, request, show);
}

Result<http::Response> post_api_key(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  BodyReader in(request);
  ApiKey key = read_key(request, in);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  const auto made = registry::make_api_key();
  key.secret_hash = made.secret_hash;
  json::Writer detail;
  detail.begin_object();
  show(detail, made.id, key);
  detail.end_object();
  SettingChange change = change_of<ApiKey>(request, made.id, "create", std::move(detail).text());
  change.subject.append("/").append(made.id);
  TRY(auto unpublished,
      change_setting(context, change,
                     [&](const std::optional<registry::Values>&) -> Result<std::optional<registry::Values>> {
                       return std::optional<registry::Values>(key);
                     }));
  if (unpublished) return *std::move(unpublished);
  json::Writer out;
  out.begin_object();
  show(out, made.id, key);
  out.key("key").string(made.key).end_object();
  auto response = json_response(std::move(out));
  response.status = 201;
  return response;
}

Result<http::Response> delete_api_key(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  return delete_setting(context, change_of<ApiKey>(request, request.parameter("id"), "delete"), kWhat);
}

}  // namespace penstock::admin
