// Which transfer is overdue next.
#pragma once

#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "common/adapters/curl/name_cache.h"

namespace penstock::curl {

class Transfer;

// For one thread. Each transfer has one deadline at most.
class Deadlines {
 public:
  void set(Transfer* transfer, SteadyTime at) {
    clear(transfer);
    at_.emplace(transfer, at);
    order_.emplace(at, transfer);
  }

  void clear(Transfer* transfer) {
    const auto known = at_.find(transfer);
    if (known == at_.end()) return;
    order_.erase({known->second, transfer});
    at_.erase(known);
  }

  std::optional<SteadyTime> next() const {
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first;
  }

  // One whose deadline has passed; nullptr when there is none.
  Transfer* overdue(SteadyTime now) const {
    return order_.empty() || order_.begin()->first > now ? nullptr : order_.begin()->second;
  }

 private:
  std::unordered_map<Transfer*, SteadyTime> at_;
  std::set<std::pair<SteadyTime, Transfer*>> order_;
};

}  // namespace penstock::curl
