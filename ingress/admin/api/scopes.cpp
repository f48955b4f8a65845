#include "ingress/admin/api/scopes.h"

#include "common/core/org.h"

namespace penstock::admin {

std::optional<std::string> asked_org(QueryReader& in) {
  constexpr std::string_view kHeader = "X-Org-Id";
  const auto parameter = in.text("org");
  const auto fields = in.request().head.field_values(kHeader);
  if (fields.size() > 1) in.refuse(kHeader, "is given more than once");
  if (parameter && !fields.empty() && fields.front() != *parameter)
    in.refuse("org", "is not the org of the header X-Org-Id");
  const std::string_view otherwise = fields.empty() ? kDefaultOrg : fields.front();
  const std::string_view name = parameter ? std::string_view(*parameter) : otherwise;
  if (!is_org_name(name)) in.refuse(parameter ? "org" : kHeader, kOrgNameRule);
  return org_of_name(name);
}

}  // namespace penstock::admin
