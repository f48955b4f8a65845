#include "common/core/org.h"
#include "common/crypto/crypto.h"
#include "ingress/admin/api/receiver_url.h"
#include "ingress/admin/api/setting_resource.h"
#include "ingress/fields/body_reader.h"

namespace penstock::admin {
namespace {

using registry::App;

constexpr std::string_view kWhat = "app";

void show(json::Writer& out, std::string_view id, const App& app) {
  out.key("slug").string(id).key("enabled").boolean(app.enabled).key("url").string(app.url);
}

// As Standard Webhooks spells one.
std::string make_secret() { return "whsec_" + crypto::to_base64(crypto::random_bytes(32)); }

// Without a secret: the one that the app has is to stay, or one is made.
App read_app(BodyReader& in, const AddressPolicy& policy) {
  App app;
  app.enabled = in.optional_boolean("enabled").value_or(true);
  app.url = read_receiver_url(in, "url", policy);
  app.secret = in.optional_text("secret", kSecretBytesMax).value_or(std::string());
  if (!app.secret.empty()) judge_secret(in, "secret", app.secret);
  return app;
}

}  // namespace

Result<http::Response> list_apps(const Context& context, const Request& request) {
  return list_settings<App>(context, request, show);
}

Result<http::Response> get_app(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  return show_setting<App>(context, request, request.parameter("slug"), kWhat, show);
}

Result<http::Response> put_app(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  BodyReader in(request);
  const std::string slug(request.parameter("slug"));
  if (!is_org_name(slug)) in.refuse("slug", kOrgNameRule);
  const App given = read_app(in, context.outgoing.policy);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  json::Writer detail;
  detail.begin_object();
  show(detail, slug, given);
  detail.end_object();
  std::string made;  // to be shown this once
  auto changed = change_setting(
      context, change_of<App>(request, slug, "put", std::move(detail).text()),
      [&](const std::optional<registry::Values>& now) -> Result<std::optional<registry::Values>> {
        App next = given;
        made = next.secret.empty() && !now ? make_secret() : std::string();
        if (next.secret.empty()) next.secret = now ? std::get<App>(*now).secret : made;
        return std::optional<registry::Values>(std::move(next));
      });
  if (!changed) return changed.error();
  if (changed.value()) return *std::move(changed).value();
  TRY(const auto stored, read_setting(context.settings, registry::make_key<App>(slug)));
  if (!stored) return not_found(kWhat);
  json::Writer out;
  out.begin_object();
  show(out, slug, std::get<App>(stored->value));
  if (!made.empty()) out.key("secret").string(made);
  encode_stamp(out, stored->stamp);
  out.end_object();
  return json_response(std::move(out));
}

Result<http::Response> delete_app(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  return delete_setting(context, change_of<App>(request, request.parameter("slug"), "delete"), kWhat);
}

}  // namespace penstock::admin
