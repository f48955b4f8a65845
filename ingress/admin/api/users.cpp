#include "workers/domain/users/users.h"

#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/scopes.h"

namespace penstock::admin {

Result<http::Response> get_user(const Context& context, const Request& request) {
  QueryReader in(request);
  const AskedScope asked{.livemode = true, .account = {}, .org = asked_org(request)};
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto found, read_asked<User>(context.store, std::string(request.parameter("id")), asked));
  return found ? resource_response(user_view(found->row), found->stamp) : not_found("user");
}

Result<http::Response> list_users(const Context& context, const Request& request) {
  ListQuery query;
  QueryReader in(request);
  if (const auto status = in.word<UserStatus>("status"))
    query.filters.push_back({"status", std::string(to_string(*status))});
  filter_by_org(asked_org(request), query);
  in.page("users", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(const auto page, read_page<User>(context.store, "users", query));
  return page_response(page, [](json::Writer& out, const auto& each) {
    encode_resource(out, user_view(each.row), each.stamp);
  });
}

}  // namespace penstock::admin
