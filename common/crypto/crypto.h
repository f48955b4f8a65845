// Message authentication, encodings and randomness. OpenSSL 3 stays behind this header.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/time.h"

namespace penstock::crypto {

using Sha256Mac = std::array<unsigned char, 32>;

// HMAC-SHA256 (RFC 2104) under one key. Keyed contexts are kept between calls, since keying costs as much as
// a short message. Safe to use from any thread at once without a lock; never blocks. Aborts when OpenSSL
// cannot give a context (out of memory).
class HmacSha256 {
 public:
  explicit HmacSha256(std::string_view key);
  ~HmacSha256();
  HmacSha256(const HmacSha256&) = delete;
  HmacSha256& operator=(const HmacSha256&) = delete;

  // The code of the concatenated parts.
  Sha256Mac mac(std::initializer_list<std::string_view> parts) const;

 private:
  struct Context;
  struct FreeContext {
    void operator()(Context* context) const noexcept;
  };
  using ContextPtr = std::unique_ptr<Context, FreeContext>;

  ContextPtr take() const;
  void give_back(ContextPtr context) const noexcept;

  ContextPtr keyed_;  // never computes, only copied
  mutable std::array<std::atomic<Context*>, 8> idle_{};
};

// Time depends on the sizes only, not on the bytes.
bool constant_time_equal(std::string_view a, std::string_view b) noexcept;

// Lower-case hexadecimal.
std::string to_hex(std::string_view bytes);
std::string to_hex(const Sha256Mac& mac);
std::array<char, 64> hex_digits(const Sha256Mac& mac) noexcept;

// RFC 4648 §4, padded.
std::string to_base64(std::string_view bytes);
// Padded and canonical only; nullopt otherwise.
std::optional<std::string> from_base64(std::string_view text);

// `count` bytes of the system's cryptographic generator; aborts when there is no entropy.
std::string random_bytes(std::size_t count);

// RFC 9562 §5.7, lower case: sorts by `at` to the millisecond, the rest is random.
std::string uuid_v7(Timestamp at);

}  // namespace penstock::crypto
