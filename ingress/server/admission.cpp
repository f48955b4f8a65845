#include "ingress/server/admission.h"

#include "common/core/check.h"

namespace penstock::http {

std::optional<Refusal> Admission::enter(const std::string& address) {
  const std::scoped_lock lock(mutex_);
  if (connections_ >= connections_max_) return Refusal::connections;
  const auto found = by_address_.find(address);
  if (found != by_address_.end() && found->second >= per_address_max_)
    return Refusal::connections_per_address;
  ++connections_;
  ++by_address_[address];
  return std::nullopt;
}

void Admission::leave(const std::string& address) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_address_.find(address);
  CHECK(connections_ > 0 && found != by_address_.end());
  --connections_;
  if (--found->second == 0) by_address_.erase(found);
}

bool Admission::take_body_bytes(std::size_t bytes) noexcept {
  if (body_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= body_bytes_max_) return true;
  give_back_body_bytes(bytes);
  return false;
}

void Admission::give_back_body_bytes(std::size_t bytes) noexcept {
  body_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

}  // namespace penstock::http
