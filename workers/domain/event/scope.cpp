#include "workers/domain/event/scope.h"

namespace penstock {

std::string Scope::name() const {
  std::string name = livemode ? "live" : "test";
  if (account) name.append("/").append(*account);
  return name;
}

std::string Scope::key(std::string_view id) const { return name().append(":").append(id); }

}  // namespace penstock
