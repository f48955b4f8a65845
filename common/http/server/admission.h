// What all event loops of a server share: how many connections there are and how much memory
// their bodies take, in all and per address. Thread-safe; the lock is taken once when a
// connection opens and once when it closes.
#pragma once

#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>

#include "common/http/server/request_head.h"

namespace penstock::http {

// On a socket for both versions an IPv4 peer has an IPv6 address that embeds
// its own: this gives back its own.
boost::asio::ip::address peer_address(const boost::asio::ip::address& address);

// Under what the peer at that address is counted: an IPv6 host has a whole /64 to itself.
std::string admission_key(const boost::asio::ip::address& address);

struct AdmissionLimits {
  std::size_t connections_max = 0;
  std::size_t connections_per_address_max = 0;
  std::size_t body_bytes_max = 0;
  std::size_t body_bytes_per_address_max = 0;
};

class Admission {
 public:
  // What is counted of one address, for as long as it has a connection.
  class Peer {
    friend class Admission;
    const std::string* address_ = nullptr;  // the key of this entry
    std::size_t connections_ = 0;           // under mutex_
    std::atomic<std::size_t> body_bytes_{0};
  };

  explicit Admission(const AdmissionLimits& limits) : limits_(limits) {}

  // Counts a connection in, or says why not. What was counted in must leave(), once.
  std::variant<Peer*, Refusal> enter(const std::string& address);
  void leave(Peer& peer);

  // Takes memory for bodies out of the budget and out of the address's share of it, or says which of them
  // does not have that much left.
  std::optional<Refusal> take_body_bytes(Peer& peer, std::size_t bytes) noexcept;
  void give_back_body_bytes(Peer& peer, std::size_t bytes) noexcept;

 private:
  const AdmissionLimits limits_;
  std::mutex mutex_;
  std::size_t connections_ = 0;                       // under mutex_
  std::unordered_map<std::string, Peer> by_address_;  // under mutex_; a Peer stays where it is
  std::atomic<std::size_t> body_bytes_{0};
};

}  // namespace penstock::http
