#include "ingress/intake/rate_limit.h"

#include <algorithm>
#include <cstring>

#include "common/crypto/crypto.h"

namespace penstock {
namespace {

std::uint64_t draw_secret() {
  std::uint64_t secret = 0;
  std::memcpy(&secret, crypto::random_bytes(sizeof secret).data(), sizeof secret);
  return secret;
}

}  // namespace

// The finaliser of MurmurHash3: every bit of the client and of the secret turns half of all others.
std::size_t RateLimit::Hash::operator()(std::uint64_t client) const noexcept {
  std::uint64_t mixed = client ^ secret;
  mixed = (mixed ^ mixed >> 33) * 0xff51afd7ed558ccdULL;
  mixed = (mixed ^ mixed >> 33) * 0xc4ceb9fe1a85ec53ULL;
  return mixed ^ mixed >> 33;
}

RateLimit::RateLimit(const RateLimitOptions& options) : RateLimit(options, draw_secret()) {}

RateLimit::RateLimit(const RateLimitOptions& options, std::uint64_t secret)
    : interval_(options.count == 0 ? Nanoseconds{0} : Nanoseconds{options.per} / options.count),
      fill_time_(interval_ * std::max<std::uint32_t>(options.burst, 1)),
      shard_clients_max_(std::max<std::size_t>(options.clients_max / kShards, 1)),
      hash_{secret} {
  for (auto& shard : shards_) shard.full_at = decltype(shard.full_at)(0, hash_);
}

std::optional<Milliseconds> RateLimit::admit(std::uint64_t client, Timestamp now) {
  if (interval_ == Nanoseconds{0}) return std::nullopt;
  const Moment at = now;
  Shard& shard = shards_[hash_(client) % kShards];
  const std::scoped_lock lock(shard.mutex);
  auto known = shard.full_at.find(client);
  if (known == shard.full_at.end()) {
    if (shard.full_at.size() >= shard_clients_max_) make_room(shard, at);
    known = shard.full_at.emplace(client, at).first;
  }
  Moment& full_at = known->second;
  full_at = std::clamp(full_at, at, at + fill_time_);
  const Nanoseconds wait = full_at + interval_ - (at + fill_time_);
  if (wait > Nanoseconds{0}) return std::chrono::ceil<Milliseconds>(wait);
  full_at += interval_;
  return std::nullopt;
}

void RateLimit::make_room(Shard& shard, Moment now) const {
  std::erase_if(shard.full_at, [now](const auto& each) { return each.second <= now; });
  if (shard.full_at.size() < shard_clients_max_) return;
  shard.full_at.erase(std::min_element(shard.full_at.begin(), shard.full_at.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; }));
}

std::size_t RateLimit::clients() const {
  std::size_t count = 0;
  for (const auto& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    count += shard.full_at.size();
  }
  return count;
}

}  // namespace penstock
