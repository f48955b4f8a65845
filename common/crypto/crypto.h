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

using Sha256Digest = std::array<unsigned char, 32>;
using Sha256Mac = Sha256Digest;

// SHA-256 (FIPS 180-4). Safe from any thread; never blocks.
Sha256Digest sha256(std::string_view bytes);

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

// The same code of the concatenated parts where keys are many: nothing is kept of a key between calls but, until the
// next one, in the context of the calling thread. Each call keys that anew, which takes a fifth of a microsecond, where
// HmacSha256 holds 1 KB a key and as much again for each thread that uses it. Safe from any thread; never blocks.
Sha256Mac hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts);

// Time depends on the sizes only, not on the bytes.
bool constant_time_equal(std::string_view a, std::string_view b) noexcept;
bool constant_time_equal(const Sha256Mac& a, const Sha256Mac& b) noexcept;

// Overwrites what a secret was held in, also behind its end, and leaves it empty.
void cleanse(std::string& secret) noexcept;

// Lower-case hexadecimal.
std::string to_hex(std::string_view bytes);
std::string to_hex(const Sha256Mac& mac);
std::array<char, 64> hex_digits(const Sha256Mac& mac) noexcept;
// Of 64 hexadecimal digits, upper or lower case; nullopt otherwise.
std::optional<Sha256Mac> mac_from_hex(std::string_view text) noexcept;

// RFC 4648 §4, padded.
std::string to_base64(std::string_view bytes);
// Padded and canonical only; nullopt otherwise.
std::optional<std::string> from_base64(std::string_view text);
// RFC 4648 §5, without padding. Canonical only; nullopt otherwise.
std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);
// Of the one text that is its encoding; nullopt otherwise.
std::optional<Sha256Mac> mac_from_base64(std::string_view text) noexcept;

// `count` bytes of the system's cryptographic generator; aborts when there is no entropy.
std::string random_bytes(std::size_t count);

// The UUIDv5 (RFC 9562 §5.5, lower case) of a name within a namespace, which is a UUID itself (anything else aborts): the
// same for the same two, and for others another one. Safe from any thread; never blocks.
std::string uuid_v5(std::string_view name_space, std::string_view name);

// RFC 9562 §5.7, lower case: sorts by `at` to the millisecond and, of calls of this process whose times do not go back, by
// their order (§6.2, method 1: rand_a counts, from a random start in each millisecond; for 2,048 calls of one
// millisecond at least). The rest is random. Safe from any thread; never blocks.
std::string uuid_v7(Timestamp at);

}  // namespace penstock::crypto
