#include "common/crypto/sealer.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "common/core/check.h"
#include "common/crypto/crypto.h"

namespace penstock::crypto {
namespace {

constexpr std::string_view kVersion = "v1.";
constexpr std::size_t kIdDigits = 8;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kBytesMax = std::size_t{256}
                                  << 20;  // of a text and of a context: OpenSSL counts in int
constexpr std::size_t kBoxDigitsMax = (kNonceBytes + kBytesMax + kTagBytes + 2) / 3 * 4;

struct FreeCipher {
  void operator()(EVP_CIPHER* cipher) const noexcept { EVP_CIPHER_free(cipher); }
};
struct FreeCipherContext {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipherContext>;

const EVP_CIPHER* aes_256_gcm() {
  static const std::unique_ptr<EVP_CIPHER, FreeCipher> fetched(
      EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
  CHECK(fetched != nullptr);
  return fetched.get();
}

CipherContext new_context() {
  CipherContext context(EVP_CIPHER_CTX_new());
  CHECK(context != nullptr);
  return context;
}

const unsigned char* bytes_of(std::string_view text) noexcept {
  // OpenSSL takes a null pointer for the end of the message, which an empty view may hold.
  return reinterpret_cast<const unsigned char*>(text.data() == nullptr ? "" : text.data());
}

unsigned char* bytes_of(std::string& text) noexcept { return reinterpret_cast<unsigned char*>(text.data()); }

// What a sealed text says of itself. Views point into it.
struct Sealed {
  std::string_view head;  // all before the base64, which is authenticated
  std::string_view key_id;
  std::string_view box;  // base64
};

bool is_hex_digit(char c) noexcept { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

std::optional<Sealed> parse(std::string_view sealed) noexcept {
  constexpr std::size_t kHeadBytes = kVersion.size() + kIdDigits + 1;
  if (!sealed.starts_with(kVersion) || sealed.size() < kHeadBytes || sealed[kHeadBytes - 1] != '.')
    return std::nullopt;
  const Sealed parts{sealed.substr(0, kHeadBytes), sealed.substr(kVersion.size(), kIdDigits),
                     sealed.substr(kHeadBytes)};
  if (parts.box.size() > kBoxDigitsMax ||
      !std::all_of(parts.key_id.begin(), parts.key_id.end(), is_hex_digit))
    return std::nullopt;
  return parts;
}

Error corrupt(const char* why) { return {ErrorCode::corrupt, why}; }

// `update` is the one of the direction.
void authenticate(decltype(&EVP_EncryptUpdate) update, EVP_CIPHER_CTX* cipher,
                  std::initializer_list<std::string_view> parts) {
  int bytes = 0;
  for (const auto part : parts)
    CHECK(update(cipher, nullptr, &bytes, bytes_of(part), static_cast<int>(part.size())) == 1);
}

std::string encrypt(const unsigned char* key, std::string_view head, std::string_view context,
                    std::string_view plain) {
  const std::string nonce = random_bytes(kNonceBytes);
  std::string box = nonce;
  box.resize(kNonceBytes + plain.size() + kTagBytes);
  unsigned char* const text = bytes_of(box) + kNonceBytes;
  unsigned char* const tag = text + plain.size();
  const auto cipher = new_context();
  int bytes = 0;
  CHECK(EVP_EncryptInit_ex2(cipher.get(), aes_256_gcm(), key, bytes_of(nonce), nullptr) == 1);
  authenticate(&EVP_EncryptUpdate, cipher.get(), {head, context});
  CHECK(EVP_EncryptUpdate(cipher.get(), text, &bytes, bytes_of(plain), static_cast<int>(plain.size())) == 1);
  CHECK(EVP_EncryptFinal_ex(cipher.get(), tag, &bytes) == 1 && bytes == 0);  // a stream cipher pads nothing
  CHECK(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag) == 1);
  return box;
}

// nullopt when the tag does not hold. `box` has a nonce and a tag.
std::optional<std::string> decrypt(const unsigned char* key, std::string_view head, std::string_view context,
                                   std::string_view box) {
  const auto text = box.substr(kNonceBytes, box.size() - kNonceBytes - kTagBytes);
  std::string tag(box.substr(box.size() - kTagBytes));
  std::string plain(text.size(), '\0');
  const auto cipher = new_context();
  int bytes = 0;
  CHECK(EVP_DecryptInit_ex2(cipher.get(), aes_256_gcm(), key, bytes_of(box), nullptr) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1);
  authenticate(&EVP_DecryptUpdate, cipher.get(), {head, context});
  CHECK(EVP_DecryptUpdate(cipher.get(), bytes_of(plain), &bytes, bytes_of(text),
                          static_cast<int>(text.size())) == 1);
  // Nothing of the text may be used before this has said that it is what was sealed.
  if (EVP_DecryptFinal_ex(cipher.get(), bytes_of(plain) + plain.size(), &bytes) == 1) return plain;
  cleanse(plain);
  return std::nullopt;
}

// Separated by its use from whatever else is ever derived from the key.
std::string key_id(std::string_view key) {
  std::string labelled = "penstock master key id:";
  labelled.reserve(labelled.size() + key.size());
  labelled.append(key);
  const auto digits = hex_digits(sha256(labelled));
  cleanse(labelled);
  return {digits.data(), kIdDigits};
}

}  // namespace

Sealer::Key::Key(std::string_view key) {
  CHECK(key.size() == bytes.size());
  std::copy(key.begin(), key.end(), bytes.begin());
  const auto name = key_id(key);
  std::copy(name.begin(), name.end(), id.begin());
}

Sealer::Key::~Key() { OPENSSL_cleanse(bytes.data(), bytes.size()); }

Sealer::Sealer(std::span<const std::string> keys) {
  CHECK(!keys.empty());
  keys_.reserve(keys.size());  // none is moved, which would leave a copy behind
  for (const auto& key : keys) keys_.emplace_back(key);
}

std::string Sealer::seal(std::string_view plain, std::string_view context) const {
  CHECK(plain.size() <= kBytesMax && context.size() <= kBytesMax);
  const std::string head = std::string(kVersion).append(first_key_id()) + ".";
  return head + to_base64(encrypt(keys_.front().bytes.data(), head, context, plain));
}

Result<std::string> Sealer::open(std::string_view sealed, std::string_view context) const {
  CHECK(context.size() <= kBytesMax);
  const auto parts = parse(sealed);
  if (!parts) return corrupt("is no sealed text");
  const auto box = from_base64(parts->box);
  if (!box || box->size() < kNonceBytes + kTagBytes) return corrupt("is no sealed text, or a part of one");
  bool known = false;
  for (const Key& key : keys_) {
    if (std::string_view(key.id.data(), key.id.size()) != parts->key_id) continue;
    known = true;
    if (auto plain = decrypt(key.bytes.data(), parts->head, context, *box)) return *std::move(plain);
  }
  if (known) return corrupt("is damaged, or was sealed for another place");
  return Error{ErrorCode::not_found, "is sealed under the key " + std::string(parts->key_id) +
                                         ", which is not among the master keys"};
}

bool Sealer::is_sealed_by_first(std::string_view sealed) const noexcept {
  const auto parts = parse(sealed);
  return parts && parts->key_id == first_key_id();
}

std::string_view Sealer::first_key_id() const noexcept {
  return {keys_.front().id.data(), keys_.front().id.size()};
}

}  // namespace penstock::crypto
