#include "common/core/org.h"
#include "ingress/admin/api/setting_resource.h"
#include "ingress/fields/body_reader.h"

namespace penstock::admin {
namespace {

using registry::Ban;

constexpr std::string_view kWhat = "ban";
constexpr std::size_t kReasonBytesMax = 1000;

std::string id_of(const Request& request) {
  return std::string(request.parameter("provider")).append("/").append(request.parameter("subject"));
}

void show(json::Writer& out, std::string_view id, const Ban& ban) {
  const auto slash = id.find('/');
  out.key("provider").string(id.substr(0, slash)).key("subject").string(id.substr(slash + 1));
  json::encode(out.key("reason"), ban.reason);
}

}  // namespace

Result<http::Response> list_bans(const Context& context, const Request& request) {
  return list_settings<Ban>(context, request, show);
}

Result<http::Response> get_ban(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  return show_setting<Ban>(context, request, id_of(request), kWhat, show);
}

Result<http::Response> put_ban(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  BodyReader in(request);
  if (!is_org_name(request.parameter("provider"))) in.refuse("provider", kOrgNameRule);
  if (request.parameter("subject").size() > kIdBytesMax)
    in.refuse("subject", "must not be longer than 255 bytes");
  const Ban ban{in.optional_text("reason", kReasonBytesMax)};
  if (auto refusal = in.refusal()) return *std::move(refusal);
  json::Writer detail;
  json::encode(detail, ban);
  TRY(auto unpublished,
      change_setting(context, change_of<Ban>(request, id_of(request), "put", std::move(detail).text()),
                     [&](const std::optional<registry::Values>&) -> Result<std::optional<registry::Values>> {
                       return std::optional<registry::Values>(ban);
                     }));
  if (unpublished) return *std::move(unpublished);
  return show_setting<Ban>(context, request, id_of(request), kWhat, show);
}

Result<http::Response> delete_ban(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  return delete_setting(context, change_of<Ban>(request, id_of(request), "delete"), kWhat);
}

}  // namespace penstock::admin
