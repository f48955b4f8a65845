// What all event loops of a server share: how many connections there are, in all and per address, and how
// much memory their bodies take. Thread-safe; the lock is taken once when a connection opens and once when it
// closes.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "ingress/server/request_head.h"

namespace penstock::http {

class Admission {
 public:
  Admission(std::size_t connections_max, std::size_t per_address_max, std::size_t body_bytes_max)
      : connections_max_(connections_max),
        per_address_max_(per_address_max),
        body_bytes_max_(body_bytes_max) {}

  // Counts a connection in, or says why not. What was counted in must leave().
  std::optional<Refusal> enter(const std::string& address);
  void leave(const std::string& address);

  // Takes memory for bodies out of the budget; false when there is not that much left.
  bool take_body_bytes(std::size_t bytes) noexcept;
  void give_back_body_bytes(std::size_t bytes) noexcept;

 private:
  const std::size_t connections_max_;
  const std::size_t per_address_max_;
  const std::size_t body_bytes_max_;
  std::mutex mutex_;
  std::size_t connections_ = 0;                              // under mutex_
  std::unordered_map<std::string, std::size_t> by_address_;  // under mutex_
  std::atomic<std::size_t> body_bytes_{0};
};

}  // namespace penstock::http
