#include <openssl/evp.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <span>

#include "common/core/check.h"
#include "common/crypto/crypto.h"

namespace penstock::crypto {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

// The SHA-1 (FIPS 180-4) of both parts. A context of the calling thread is used again and again: making one costs more
// than what is computed with it.
std::array<unsigned char, 20> sha1(std::string_view first, std::string_view second) {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  std::array<unsigned char, 20> digest;
  CHECK(algorithm != nullptr && context != nullptr);
  CHECK(EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1);
  CHECK(EVP_DigestUpdate(context.get(), first.data(), first.size()) == 1);
  CHECK(EVP_DigestUpdate(context.get(), second.data(), second.size()) == 1);
  CHECK(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1);
  return digest;
}

// Above 15 for what is no digit.
unsigned value_of(char digit) noexcept {
  const auto number = static_cast<unsigned>(digit) - '0', letter = static_cast<unsigned>(digit) - 'a';
  return number < 10 ? number : letter < 6 ? letter + 10 : 16;
}

// Aborts when the text is no UUID in lower case.
std::array<char, 16> bytes_of_uuid(std::string_view text) {
  CHECK(text.size() == 36);
  std::array<char, 16> bytes;
  unsigned all = 0;
  std::size_t at = 0;
  for (char& byte : bytes) {
    if (at == 8 || at == 13 || at == 18 || at == 23) {
      CHECK(text[at] == '-');
      ++at;
    }
    const unsigned high = value_of(text[at]), low = value_of(text[at + 1]);
    byte = static_cast<char>(high << 4 | low);
    all |= high | low;
    at += 2;
  }
  CHECK(all < 16);
  return bytes;
}

// With version and variant (RFC 9562 §4) put in.
std::string uuid_text(std::span<unsigned char, 16> bytes, unsigned char version) {
  bytes[6] = static_cast<unsigned char>(version << 4 | (bytes[6] & 0x0F));
  bytes[8] = static_cast<unsigned char>(0x80 | (bytes[8] & 0x3F));
  std::string text(36, '-');
  std::size_t at = 0;
  for (const unsigned char byte : bytes) {
    if (at == 8 || at == 13 || at == 18 || at == 23) ++at;
    text[at++] = "0123456789abcdef"[byte >> 4];
    text[at++] = "0123456789abcdef"[byte & 15];
  }
  return text;
}

constexpr unsigned kCounterBits = 12;

// The millisecond and, in the low bits, a counter: greater than for every call before whose time was not later.
std::uint64_t next_count(std::uint64_t ms, std::uint64_t random) noexcept {
  static std::atomic<std::uint64_t> last = 0;
  const std::uint64_t first = ms << kCounterBits | (random & ((1U << (kCounterBits - 1)) - 1));
  std::uint64_t before = last.load(std::memory_order_relaxed);
  for (;;) {
    if (ms < before >> kCounterBits) return first;
    const std::uint64_t count = std::max(first, before + 1);
    if (last.compare_exchange_weak(before, count, std::memory_order_relaxed)) return count;
  }
}

}  // namespace

std::string uuid_v5(std::string_view name_space, std::string_view name) {
  const auto within = bytes_of_uuid(name_space);
  auto digest = sha1({within.data(), within.size()}, name);
  return uuid_text(std::span(digest).first<16>(), 5);
}

std::string uuid_v7(Timestamp at) {
  std::array<unsigned char, 16> bytes;
  const std::string random = random_bytes(bytes.size());
  std::copy(random.begin(), random.end(), bytes.begin());
  const auto count =
      next_count(static_cast<std::uint64_t>(to_unix_ms(at)), std::uint64_t{bytes[6]} << 8 | bytes[7]);
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>(count >> (52 - 8 * i) & 0xFF);
  bytes[6] = static_cast<unsigned char>(count >> 8 & 0x0F);
  bytes[7] = static_cast<unsigned char>(count & 0xFF);
  return uuid_text(bytes, 7);
}

}  // namespace penstock::crypto
