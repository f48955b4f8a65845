#include "common/http/server/admission.h"

#include "common/core/check.h"

namespace penstock::http {
namespace {

namespace net = boost::asio;

bool take(std::atomic<std::size_t>& taken, std::size_t bytes, std::size_t bytes_max) noexcept {
  if (taken.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max) return true;
  taken.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

}  // namespace

net::ip::address peer_address(const net::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6());
}

std::string admission_key(const net::ip::address& address) {
  const auto peer = peer_address(address);
  if (peer.is_v4()) return peer.to_string();
  const auto bytes = peer.to_v6().to_bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size() / 2};
}

std::variant<Admission::Peer*, Refusal> Admission::enter(const std::string& address) {
  const std::scoped_lock lock(mutex_);
  if (connections_ >= limits_.connections_max) return Refusal::connections;
  auto entry = by_address_.find(address);
  if (entry != by_address_.end() && entry->second.connections_ >= limits_.connections_per_address_max)
    return Refusal::connections_per_address;
  if (entry == by_address_.end()) entry = by_address_.try_emplace(address).first;
  Peer& peer = entry->second;
  peer.address_ = &entry->first;
  ++peer.connections_;
  ++connections_;
  return &peer;
}

void Admission::leave(Peer& peer) {
  const std::scoped_lock lock(mutex_);
  CHECK(connections_ > 0 && peer.connections_ > 0);
  --connections_;
  if (--peer.connections_ > 0) return;
  CHECK(peer.body_bytes_ == 0);
  by_address_.erase(by_address_.find(*peer.address_));
}

std::optional<Refusal> Admission::take_body_bytes(Peer& peer, std::size_t bytes) noexcept {
  if (!take(peer.body_bytes_, bytes, limits_.body_bytes_per_address_max))
    return Refusal::body_memory_per_address;
  if (take(body_bytes_, bytes, limits_.body_bytes_max)) return std::nullopt;
  peer.body_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  return Refusal::body_memory;
}

void Admission::give_back_body_bytes(Peer& peer, std::size_t bytes) noexcept {
  peer.body_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  body_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

}  // namespace penstock::http
