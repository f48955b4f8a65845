#include <openssl/rand.h>

#include <cstdint>

#include "common/core/check.h"
#include "common/crypto/crypto.h"

namespace penstock::crypto {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) == 1);
  return bytes;
}

std::string uuid_v7(Timestamp at) {
  std::string bytes = random_bytes(16);
  const auto ms = static_cast<std::uint64_t>(to_unix_ms(at));
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<char>(ms >> (40 - 8 * i) & 0xFF);
  bytes[6] = static_cast<char>(0x70 | (static_cast<unsigned char>(bytes[6]) & 0x0F));
  bytes[8] = static_cast<char>(0x80 | (static_cast<unsigned char>(bytes[8]) & 0x3F));
  std::string text = to_hex(bytes);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) text.insert(dash, 1, '-');
  return text;
}

}  // namespace penstock::crypto
