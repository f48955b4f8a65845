#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "common/core/check.h"
#include "common/crypto/crypto.h"

namespace penstock::crypto {
namespace {

struct FreeDigest {
  void operator()(EVP_MD* digest) const noexcept { EVP_MD_free(digest); }
};

const EVP_MD* sha256_algorithm() {
  static const std::unique_ptr<EVP_MD, FreeDigest> fetched(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  CHECK(fetched != nullptr);
  return fetched.get();
}

}  // namespace

Sha256Digest sha256(std::string_view bytes) {
  Sha256Digest digest;
  CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, sha256_algorithm(), nullptr) == 1);
  return digest;
}

void cleanse(std::string& secret) noexcept {
  secret.resize(secret.capacity());
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

}  // namespace penstock::crypto
