#include "common/adapters/curl/name_cache.h"

#include <algorithm>
#include <utility>

namespace penstock::curl {

const IpAddresses* NameCache::find(const std::string& name, SteadyTime now) const {
  const auto found = known_.find(name);
  return found == known_.end() || found->second.until <= now ? nullptr : &found->second.addresses;
}

void NameCache::keep(const std::string& name, IpAddresses addresses, SteadyTime now) {
  if (known_.size() >= names_max_ && !known_.contains(name)) {
    const auto older = [](const auto& a, const auto& b) { return a.second.until < b.second.until; };
    known_.erase(std::min_element(known_.begin(), known_.end(), older));
  }
  known_.insert_or_assign(name, Known{std::move(addresses), now + kept_for_});
}

}  // namespace penstock::curl
