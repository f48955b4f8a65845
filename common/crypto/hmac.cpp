#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <functional>
#include <thread>

#include "common/core/check.h"
#include "common/crypto/crypto.h"

namespace penstock::crypto {
namespace {

struct FreeMac {
  void operator()(EVP_MAC* mac) const noexcept { EVP_MAC_free(mac); }
};
struct FreeMacContext {
  void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeMacContext>;

EVP_MAC* hmac_algorithm() {
  static const std::unique_ptr<EVP_MAC, FreeMac> fetched(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  CHECK(fetched != nullptr);
  return fetched.get();
}

const unsigned char* bytes_of(std::string_view text) noexcept {
  // OpenSSL takes a null pointer as "no key given", which an empty view may hold.
  return reinterpret_cast<const unsigned char*>(text.data() == nullptr ? "" : text.data());
}

// Without a key yet. The digest is named once, since each naming looks it up.
MacContext new_context() {
  MacContext context(EVP_MAC_CTX_new(hmac_algorithm()));
  CHECK(context != nullptr);
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
  CHECK(EVP_MAC_CTX_set_params(context.get(), params) == 1);
  return context;
}

Sha256Mac code_of(EVP_MAC_CTX* keyed, std::initializer_list<std::string_view> parts) {
  for (const auto part : parts) CHECK(EVP_MAC_update(keyed, bytes_of(part), part.size()) == 1);
  Sha256Mac code;
  std::size_t written = 0;
  CHECK(EVP_MAC_final(keyed, code.data(), &written, code.size()) == 1 && written == code.size());
  return code;
}

std::string_view view_of(const Sha256Mac& mac) noexcept {
  return {reinterpret_cast<const char*>(mac.data()), mac.size()};
}

std::size_t slot_of_this_thread(std::size_t slots) noexcept {
  return std::hash<std::thread::id>{}(std::this_thread::get_id()) % slots;
}

}  // namespace

// EVP_MAC_CTX under a name of ours, so that the header needs no OpenSSL.
struct HmacSha256::Context {
  static EVP_MAC_CTX* raw(Context* context) noexcept { return reinterpret_cast<EVP_MAC_CTX*>(context); }
  static Context* wrap(EVP_MAC_CTX* context) noexcept { return reinterpret_cast<Context*>(context); }
};

void HmacSha256::FreeContext::operator()(Context* context) const noexcept {
  EVP_MAC_CTX_free(Context::raw(context));
}

HmacSha256::HmacSha256(std::string_view key) : keyed_(Context::wrap(new_context().release())) {
  CHECK(EVP_MAC_init(Context::raw(keyed_.get()), bytes_of(key), key.size(), nullptr) == 1);
}

HmacSha256::~HmacSha256() {
  for (auto& slot : idle_) FreeContext{}(slot.load(std::memory_order_relaxed));
}

Sha256Mac HmacSha256::mac(std::initializer_list<std::string_view> parts) const {
  ContextPtr context = take();
  EVP_MAC_CTX* raw = Context::raw(context.get());
  CHECK(EVP_MAC_init(raw, nullptr, 0, nullptr) == 1);
  const Sha256Mac code = code_of(raw, parts);
  give_back(std::move(context));
  return code;
}

HmacSha256::ContextPtr HmacSha256::take() const {
  auto& slot = idle_[slot_of_this_thread(idle_.size())];
  ContextPtr context(slot.exchange(nullptr, std::memory_order_acquire));
  if (context == nullptr) context.reset(Context::wrap(EVP_MAC_CTX_dup(Context::raw(keyed_.get()))));
  CHECK(context != nullptr);
  return context;
}

void HmacSha256::give_back(ContextPtr context) const noexcept {
  auto& slot = idle_[slot_of_this_thread(idle_.size())];
  FreeContext{}(slot.exchange(context.release(), std::memory_order_acq_rel));
}

Sha256Mac hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts) {
  thread_local const MacContext context = new_context();
  CHECK(EVP_MAC_init(context.get(), bytes_of(key), key.size(), nullptr) == 1);
  return code_of(context.get(), parts);
}

bool constant_time_equal(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool constant_time_equal(const Sha256Mac& a, const Sha256Mac& b) noexcept {
  return constant_time_equal(view_of(a), view_of(b));
}

}  // namespace penstock::crypto
