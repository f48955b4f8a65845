#include "ingress/doors/api_key.h"

#include "common/registry/api_key.h"

namespace penstock {
namespace {

using registry::ApiKey;

constexpr std::string_view kField = "X-API-Key";

Refused unauthorized(std::string_view reason, std::string detail) {
  auto answer = http::problem(401, "unauthorized", "a valid API key is required");
  answer.headers.emplace_back("WWW-Authenticate", "ApiKey realm=\"penstock\"");
  return refuse(reason, std::move(answer), std::move(detail));
}

Refused missing(std::size_t given) {
  return unauthorized("api_key_missing", std::string(kField) + (given == 0 ? " is missing" : " is repeated"));
}

Refused unknown(std::string detail) { return unauthorized("api_key_unknown", std::move(detail)); }

Refused lacks(std::string_view scope, std::string_view key_id) {
  const std::string lacking = "lacks the scope " + std::string(scope);
  return refuse("scope_missing", http::problem(403, "forbidden", "the key " + lacking),
                "key " + std::string(key_id) + " " + lacking);
}

}  // namespace

std::variant<KeyHolder, Refused> authenticate_api_key(const http::Request& request, std::string_view scope,
                                                      const registry::Table& settings) {
  const auto given = request.head.field_values(kField);
  if (given.size() != 1) return missing(given.size());
  const auto parts = registry::parse_api_key(given.front());
  if (!parts) return unknown("it is not a key of ours: a part is missing, or it was mistyped");
  const std::string id(parts->id);
  const auto& known = settings.current();
  const auto* entry = known.find<ApiKey>(id);
  if (entry == nullptr && !known.filled()) return settings_unavailable(kNotReadYet);
  if (entry == nullptr) return unknown("no key has the id " + id + ", or it was deleted");
  if (entry->value == nullptr)
    return settings_unavailable("key " + id + " cannot be opened; PENSTOCK_MASTER_KEY lacks its key");
  const ApiKey& key = *entry->value;
  if (!registry::is_secret_of(key, parts->secret)) return unknown("the secret is not that of key " + id);
  if (!registry::has_scope(key.scopes, scope)) return lacks(scope, id);
  return KeyHolder{key.org, id};
}

}  // namespace penstock
