#include "common/core/org.h"
#include "ingress/admin/api/setting_resource.h"
#include "ingress/fields/body_reader.h"

namespace penstock::admin {
namespace {

using registry::Connector;
using registry::ConnectorKind;

constexpr std::string_view kWhat = "connector";
constexpr std::size_t kSecretsMax = 4;

void show(json::Writer& out, std::string_view org, const Connector& connector) {
  out.key("org").string(org).key("kind").string(to_string(connector.kind));
  out.key("enabled").boolean(connector.enabled);
  json::encode(out.key("workflow"), connector.workflow);
  out.key("signing_secret_count").integer(static_cast<std::int64_t>(connector.signing_secrets.size()));
  out.key("has_url_secret").boolean(connector.url_secret.has_value());
}

// What a PUT says. Secrets that it leaves out stay as they are; a URL secret of null is taken away.
struct Given {
  Connector connector;
  bool drops_url_secret = false;
};

Given read_connector(const Request& request, BodyReader& in) {
  Given given;
  Connector& connector = given.connector;
  connector.org = request.org;
  connector.enabled = in.optional_boolean("enabled").value_or(true);
  const auto kind = in.optional_word<ConnectorKind>("kind");
  if (!kind) in.refuse("kind", "is required: platform or generic");
  connector.kind = kind.value_or(ConnectorKind::platform);
  connector.signing_secrets =
      in.optional_texts("signing_secrets", kSecretsMax, kSecretBytesMax).value_or(std::vector<std::string>());
  for (const auto& secret : connector.signing_secrets) judge_secret(in, "signing_secrets", secret);
  given.drops_url_secret = in.is_null("url_secret");
  connector.url_secret = in.optional_text("url_secret", kSecretBytesMax);
  if (connector.url_secret) judge_secret(in, "url_secret", *connector.url_secret);
  connector.workflow = in.optional_id("workflow");
  if (connector.workflow && !is_org_name(*connector.workflow)) in.refuse("workflow", kOrgNameRule);
  if (connector.workflow && kind == ConnectorKind::platform)
    in.refuse("workflow", "is of a generic connector; a platform one starts every workflow that subscribes");
  if (!connector.workflow && kind == ConnectorKind::generic)
    in.refuse("workflow", "is required of a generic connector");
  return given;
}

// What was asked for; what was left out stayed as it was.
std::string audit_detail(const Given& given) {
  json::Writer out;
  out.begin_object().key("kind").string(to_string(given.connector.kind));
  out.key("enabled").boolean(given.connector.enabled);
  if (given.connector.workflow) out.key("workflow").string(*given.connector.workflow);
  if (!given.connector.signing_secrets.empty())
    out.key("signing_secret_count")
        .integer(static_cast<std::int64_t>(given.connector.signing_secrets.size()));
  if (given.connector.url_secret || given.drops_url_secret)
    out.key("has_url_secret").boolean(given.connector.url_secret.has_value());
  out.end_object();
  return std::move(out).text();
}

}  // namespace

Result<http::Response> get_connector(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  return show_setting<Connector>(context, request, request.org, kWhat, show);
}

Result<http::Response> put_connector(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  BodyReader in(request);
  const Given given = read_connector(request, in);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  bool lacks_secret = false;
  auto changed = change_setting(
      context, change_of<Connector>(request, request.org, "put", audit_detail(given)),
      [&](const std::optional<registry::Values>& now) -> Result<std::optional<registry::Values>> {
        Connector next = given.connector;
        const auto* has = now ? &std::get<Connector>(*now) : nullptr;
        if (has != nullptr && next.signing_secrets.empty()) next.signing_secrets = has->signing_secrets;
        if (has != nullptr && !next.url_secret && !given.drops_url_secret) next.url_secret = has->url_secret;
        lacks_secret = next.signing_secrets.empty();
        if (lacks_secret) return Error{ErrorCode::invalid, {}};
        return std::optional<registry::Values>(std::move(next));
      });
  if (lacks_secret) return refusal_of("/signing_secrets", "is required of a new connector");
  if (!changed) return changed.error();
  if (changed.value()) return *std::move(changed).value();
  return show_setting<Connector>(context, request, request.org, kWhat, show);
}

Result<http::Response> delete_connector(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  return delete_setting(context, change_of<Connector>(request, request.org, "delete"), kWhat);
}

}  // namespace penstock::admin
