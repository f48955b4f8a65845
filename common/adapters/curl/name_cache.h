// What names led to a moment ago, within bounds.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

#include "common/adapters/curl/options.h"

namespace penstock::curl {

using SteadyTime = std::chrono::steady_clock::time_point;

// For one thread. getaddrinfo(3) does not tell for how long an answer holds, so each is kept for the same short time.
class NameCache {
 public:
  NameCache(std::size_t names_max, Milliseconds kept_for) : names_max_(names_max), kept_for_(kept_for) {}

  // nullptr: not known, or no longer. Valid until the next keep().
  const IpAddresses* find(const std::string& name, SteadyTime now) const;

  // When it is full, what is oldest makes room.
  void keep(const std::string& name, IpAddresses addresses, SteadyTime now);

 private:
  struct Known {
    IpAddresses addresses;
    SteadyTime until;
  };
  const std::size_t names_max_;
  const Milliseconds kept_for_;
  std::unordered_map<std::string, Known> known_;
};

}  // namespace penstock::curl
