#include <openssl/rand.h>

#include "common/core/check.h"
#include "common/crypto/crypto.h"

namespace penstock::crypto {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) == 1);
  return bytes;
}

}  // namespace penstock::crypto
