#include "common/core/org.h"
#include "ingress/admin/api/setting_resource.h"
#include "ingress/fields/body_reader.h"
#include "ingress/signatures/schemes.h"

namespace penstock::admin {
namespace {

using registry::Partner;

constexpr std::string_view kWhat = "partner";
constexpr std::size_t kSecretsMax = 4;

void show(json::Writer& out, std::string_view id, const Partner& partner) {
  out.key("name").string(id).key("org").string(partner.org).key("enabled").boolean(partner.enabled);
  out.key("scheme").string(partner.scheme);
  out.key("secret_count").integer(static_cast<std::int64_t>(partner.secrets.size()));
}

// Without an org, and without secrets: those that the partner has are to stay.
Partner read_partner(BodyReader& in) {
  Partner partner;
  partner.org = in.optional_id("org").value_or(std::string());
  if (!partner.org.empty() && !is_org_name(partner.org)) in.refuse("org", kOrgNameRule);
  partner.enabled = in.optional_boolean("enabled").value_or(true);
  partner.scheme = in.id("scheme");
  partner.secrets =
      in.optional_texts("secrets", kSecretsMax, kSecretBytesMax).value_or(std::vector<std::string>());
  for (const auto& secret : partner.secrets) judge_secret(in, "secrets", secret);
  if (const auto made = make_scheme(partner.scheme, {}, {}); !made) in.refuse("scheme", made.error().detail);
  return partner;
}

// Errors: invalid, for the field `secrets`.
Status check_secrets(const Partner& partner) {
  if (partner.secrets.empty()) return Error{ErrorCode::invalid, "is required of a new partner"};
  for (const auto& secret : partner.secrets) {
    TRY_STATUS(check_scheme_secret(partner.scheme, secret));
  }
  return ok();
}

// What was asked for; what was left out stayed as it was.
std::string audit_detail(const Partner& given) {
  json::Writer out;
  out.begin_object().key("scheme").string(given.scheme).key("enabled").boolean(given.enabled);
  if (!given.org.empty()) out.key("org").string(given.org);
  if (!given.secrets.empty())
    out.key("secret_count").integer(static_cast<std::int64_t>(given.secrets.size()));
  out.end_object();
  return std::move(out).text();
}

}  // namespace

Result<http::Response> list_partners(const Context& context, const Request& request) {
  return list_settings<Partner>(context, request, show);
}

Result<http::Response> get_partner(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  return show_setting<Partner>(context, request, request.parameter("name"), kWhat, show);
}

Result<http::Response> put_partner(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  BodyReader in(request);
  const std::string name(request.parameter("name"));
  if (!is_org_name(name)) in.refuse("name", kOrgNameRule);
  const Partner given = read_partner(in);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  bool refused = false;
  auto changed = change_setting(
      context, change_of<Partner>(request, name, "put", audit_detail(given)),
      [&](const std::optional<registry::Values>& now) -> Result<std::optional<registry::Values>> {
        Partner next = given;
        const auto* has = now ? &std::get<Partner>(*now) : nullptr;
        if (next.secrets.empty() && has != nullptr) next.secrets = has->secrets;
        if (next.org.empty()) next.org = has != nullptr ? has->org : request.org;
        const auto good = check_secrets(next);
        refused = !good;
        if (!good) return good.error();
        return std::optional<registry::Values>(std::move(next));
      });
  if (refused) return refusal_of("/secrets", changed.error().detail);
  if (!changed) return changed.error();
  if (changed.value()) return *std::move(changed).value();
  return show_setting<Partner>(context, request, name, kWhat, show);
}

Result<http::Response> delete_partner(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  return delete_setting(context, change_of<Partner>(request, request.parameter("name"), "delete"), kWhat);
}

}  // namespace penstock::admin
