#include "tests/contract/http_sender/certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "common/core/check.h"

namespace penstock::testing {
namespace {

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  CHECK(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

// Valid for two hours until its end.
Identity unsigned_identity(const char* common_name, std::chrono::seconds valid_for) {
  static std::atomic<long> serial{1};
  Identity made{std::unique_ptr<X509, FreeX509>(X509_new()),
                std::unique_ptr<EVP_PKEY, FreeKey>(EVP_EC_gen("P-256"))};
  X509* certificate = made.certificate.get();
  CHECK(certificate != nullptr && made.key != nullptr);
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), static_cast<long>(valid_for.count()) - 2 * 3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), static_cast<long>(valid_for.count()));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  X509_set_pubkey(certificate, made.key.get());
  return made;
}

std::FILE* open_file(const std::filesystem::path& path) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  CHECK(file != nullptr);
  return file;
}

std::filesystem::path make_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "penstock-ca.XXXXXX").string();
  CHECK(::mkdtemp(pattern.data()) != nullptr);
  return pattern;
}

}  // namespace

CertificateAuthority::CertificateAuthority(const char* name)
    : folder_(make_folder()), root_(unsigned_identity(name, std::chrono::hours{1})) {
  X509* certificate = root_.certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign");
  CHECK(X509_sign(certificate, root_.key.get(), EVP_sha256()) > 0);
  write(root_, "ca");
}

CertificateAuthority::~CertificateAuthority() { std::filesystem::remove_all(folder_); }

Identity CertificateAuthority::sign(const std::string& name, std::chrono::seconds valid_for) const {
  Identity made = unsigned_identity("test", valid_for);
  X509* certificate = made.certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(root_.certificate.get()));
  add_extension(certificate, root_.certificate.get(), NID_subject_alt_name, name);
  CHECK(X509_sign(certificate, root_.key.get(), EVP_sha256()) > 0);
  return made;
}

ServerContext CertificateAuthority::server(const std::string& name, std::chrono::seconds valid_for) const {
  const Identity identity = sign(name, valid_for);
  ServerContext context(SSL_CTX_new(TLS_server_method()));
  CHECK(context && SSL_CTX_use_certificate(context.get(), identity.certificate.get()) == 1 &&
        SSL_CTX_use_PrivateKey(context.get(), identity.key.get()) == 1);
  return context;
}

void CertificateAuthority::write(const Identity& identity, const std::string& name) const {
  std::FILE* certificate = open_file(folder_ / (name + ".pem"));
  CHECK(PEM_write_X509(certificate, identity.certificate.get()) == 1 && std::fclose(certificate) == 0);
  std::FILE* key = open_file(folder_ / (name + ".key"));
  CHECK(PEM_write_PrivateKey(key, identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
        std::fclose(key) == 0);
}

}  // namespace penstock::testing
