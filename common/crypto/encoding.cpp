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

// -1 for what is no digit.
int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
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

std::optional<Sha256Mac> mac_from_hex(std::string_view text) noexcept {
  Sha256Mac mac;
  if (text.size() != mac.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < mac.size(); ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    mac[i] = static_cast<unsigned char>(high << 4 | low);
  }
  return mac;
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

std::string to_base64url(std::string_view bytes) {
  std::string text = to_base64(bytes);
  text.resize(std::min(text.find('='), text.size()));
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string padded(text);
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  padded.append((4 - padded.size() % 4) % 4, '=');
  return from_base64(padded);
}

std::optional<Sha256Mac> mac_from_base64(std::string_view text) noexcept {
  constexpr std::size_t kDigits = 44;
  if (text.size() != kDigits) return std::nullopt;
  std::array<unsigned char, kDigits + 1>
      digits{};  // with the byte that OpenSSL reads, or writes, behind them
  std::array<unsigned char, kDigits / 4 * 3> bytes{};
  std::copy(text.begin(), text.end(), digits.begin());
  if (EVP_DecodeBlock(bytes.data(), digits.data(), static_cast<int>(kDigits)) < 0) return std::nullopt;
  Sha256Mac mac;
  std::copy_n(bytes.begin(), mac.size(), mac.begin());
  EVP_EncodeBlock(digits.data(), mac.data(), static_cast<int>(mac.size()));
  const std::string_view canonical(reinterpret_cast<const char*>(digits.data()), kDigits);
  return canonical == text ? std::optional(mac) : std::nullopt;
}

}  // namespace penstock::crypto
