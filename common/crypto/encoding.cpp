#include <openssl/evp.h>

#include <algorithm>
#include <boost/algorithm/hex.hpp>
#include <limits>

#include "common/core/check.h"
#include "common/crypto/crypto.h"

namespace penstock::crypto {
namespace {

std::string_view view_of(const Sha256Mac& mac) noexcept {
  return {reinterpret_cast<const char*>(mac.data()), mac.size()};
}

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) noexcept { return reinterpret_cast<unsigned char*>(text.data()); }

// OpenSSL counts in int.
int int_size(std::string_view text) noexcept {
  CHECK(text.size() <= std::numeric_limits<int>::max() / 2);
  return static_cast<int>(text.size());
}

}  // namespace

std::string to_hex(std::string_view bytes) {
  std::string text(bytes.size() * 2, '0');
  boost::algorithm::hex_lower(bytes, text.begin());
  return text;
}

std::string to_hex(const Sha256Mac& mac) { return to_hex(view_of(mac)); }

std::array<char, 64> hex_digits(const Sha256Mac& mac) noexcept {
  std::array<char, 64> digits;
  boost::algorithm::hex_lower(view_of(mac), digits.begin());
  return digits;
}

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(bytes_of(text), bytes_of(bytes), int_size(bytes));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  const std::string terminated(text);  // OpenSSL reads one byte further than white space goes
  std::string bytes(text.size() / 4 * 3, '\0');
  const int decoded = EVP_DecodeBlock(bytes_of(bytes), bytes_of(terminated), int_size(text));
  if (decoded < 0) return std::nullopt;
  // OpenSSL counts the padding as bytes, and passes over white space and over bits that no encoder sets.
  const auto padding = static_cast<std::size_t>(text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0);
  bytes.resize(std::max(static_cast<std::size_t>(decoded), padding) - padding);
  if (to_base64(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace penstock::crypto
