#include "workers/sources/org.h"

#include "common/core/org.h"

namespace penstock {

Result<std::optional<std::string>> read_org(const Headers& headers) {
  const std::string_view name = find_header(headers, "ps_org").value_or(kDefaultOrg);
  if (!is_org_name(name)) return Error{ErrorCode::invalid, "wrong_shape: header ps_org is no org's name"};
  return org_of_name(name);
}

}  // namespace penstock
