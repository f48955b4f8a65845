// A certificate authority for the time of a test, and what it signs.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

namespace penstock::testing {

struct FreeX509 {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct FreeContext {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using ServerContext = std::unique_ptr<SSL_CTX, FreeContext>;

struct Identity {
  std::unique_ptr<X509, FreeX509> certificate;
  std::unique_ptr<EVP_PKEY, FreeKey> key;
};

// Its files are gone with it.
class CertificateAuthority {
 public:
  explicit CertificateAuthority(const char* name = "Test CA");
  ~CertificateAuthority();
  CertificateAuthority(const CertificateAuthority&) = delete;
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;

  std::string ca_file() const { return (folder_ / "ca.pem").string(); }
  const std::filesystem::path& folder() const { return folder_; }

  // `name` as OpenSSL spells it: "DNS:localhost", "IP:127.0.0.1".
  Identity sign(const std::string& name, std::chrono::seconds valid_for = std::chrono::hours{1}) const;
  ServerContext server(const std::string& name, std::chrono::seconds valid_for = std::chrono::hours{1}) const;
  // Writes "NAME.pem" and "NAME.key" into the folder.
  void write(const Identity& identity, const std::string& name) const;

 private:
  std::filesystem::path folder_;
  Identity root_;
};

}  // namespace penstock::testing
