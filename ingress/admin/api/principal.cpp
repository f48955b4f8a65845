#include "ingress/admin/api/principal.h"

#include <algorithm>

#include "common/core/check.h"
#include "common/core/org.h"
#include "common/registry/api_key.h"
#include "ingress/fields/field_problems.h"

namespace penstock::admin {
namespace {

http::Response forbidden(std::string why) { return http::problem(403, "forbidden", std::move(why)); }

// One of which a key must have; none: no key will do.
std::vector<std::string_view> scopes_for(Needs needs) {
  switch (needs) {
    case Needs::root:
      return {};
    case Needs::platform_read:
    case Needs::org_read:
      return {registry::kAdminRead};
    case Needs::org_webhooks:
      return {registry::kWebhooksManage};
    case Needs::org_webhooks_read:
      return {registry::kWebhooksManage, registry::kAdminRead};
  }
  CHECK(false);
}

// The org that the request names; empty when it names none. One place may name it once, and two of them the same.
std::string org_named_by(const http::Request& request, FieldProblems& problems) {
  std::string named;
  const auto take = [&](std::string_view field, std::string_view org) {
    if (!is_org_name(org)) problems.refuse(field, kOrgNameRule);
    if (!named.empty() && named != org)
      problems.refuse(field, "is another org than the one that is named elsewhere");
    named = org;
  };
  if (const auto in_path = request.parameter("org"); !in_path.empty()) take("org", in_path);
  for (const auto& [parameter, value] : request.query_parameters)
    if (parameter == "org") take("org", value);
  const auto in_fields = request.head.field_values("X-Org-Id");
  if (in_fields.size() > 1) problems.refuse("X-Org-Id", "is given more than once");
  for (const auto field : in_fields) take("X-Org-Id", field);
  return named;
}

}  // namespace

http::Response unauthorized() {
  http::Response response = http::problem(401, "unauthorized", "a valid bearer token is required");
  response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"penstock\"");
  return response;
}

std::string_view bearer_token(const http::Request& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const auto fields = request.head.field_values("Authorization");
  if (fields.size() != 1 || fields.front().size() < kScheme.size()) return {};
  if (!http::equal_ignoring_case(fields.front().substr(0, kScheme.size()), kScheme)) return {};
  return fields.front().substr(kScheme.size());
}

Result<std::optional<Principal>> holder_of(const SettingPorts& settings, std::string_view api_key) {
  const auto parts = registry::parse_api_key(api_key);
  if (!parts) return std::optional<Principal>();
  TRY(const auto stored, read_setting(settings, registry::make_key<registry::ApiKey>(parts->id)));
  if (!stored) return std::optional<Principal>();
  const auto& key = std::get<registry::ApiKey>(stored->value);
  if (!registry::is_secret_of(key, parts->secret)) return std::optional<Principal>();
  return std::optional(Principal{"key:" + std::string(parts->id), false, key.org, key.scopes});
}

std::variant<std::string, http::Response> authorize(const http::Request& request, const Principal& principal,
                                                    Needs needs) {
  FieldProblems problems;
  const std::string asked = org_named_by(request, problems);
  if (auto refusal = problems.refusal()) return *std::move(refusal);
  if (principal.root) return asked.empty() ? std::string(kDefaultOrg) : asked;
  const auto scopes = scopes_for(needs);
  if (scopes.empty()) return forbidden("only the root token may do this");
  if (std::none_of(scopes.begin(), scopes.end(),
                   [&](std::string_view scope) { return registry::has_scope(principal.scopes, scope); }))
    return forbidden("the key lacks the scope " + std::string(scopes.front()));
  if (!asked.empty() && asked != principal.org) return forbidden("the key is of another org");
  if (needs == Needs::platform_read && principal.org != kDefaultOrg)
    return forbidden("only a key of the default org may read this");
  return principal.org;
}

}  // namespace penstock::admin
