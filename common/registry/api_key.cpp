#include "common/registry/api_key.h"

#include <boost/crc.hpp>

#include <algorithm>
#include <array>

#include "common/crypto/crypto.h"

namespace penstock::registry {
namespace {

constexpr std::string_view kPrefix = "pk_";
constexpr std::size_t kIdDigits = 16;
constexpr std::size_t kSecretDigits = 64;
constexpr std::size_t kChecksumDigits = 8;
constexpr std::size_t kSecretAt = kPrefix.size() + kIdDigits + 1;
constexpr std::size_t kChecksumAt = kSecretAt + kSecretDigits + 1;

bool is_hexadecimal(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::array<char, kChecksumDigits> checksum_of(std::string_view text) noexcept {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  std::array<char, kChecksumDigits> digits{};
  auto rest = crc.checksum();
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, rest >>= 4)
    *digit = "0123456789abcdef"[rest & 15];
  return digits;
}

std::string hash_of(std::string_view secret) {
  const auto digest = crypto::sha256(secret);
  return crypto::to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace

bool has_scope(const std::vector<std::string>& scopes, std::string_view scope) noexcept {
  return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

NewApiKey make_api_key() {
  const std::string id = crypto::to_hex(crypto::random_bytes(kIdDigits / 2));
  const std::string secret = crypto::to_hex(crypto::random_bytes(kSecretDigits / 2));
  std::string key(kPrefix);
  key.append(id).append("_").append(secret);
  const auto checksum = checksum_of(key);
  key.append("_").append(checksum.data(), checksum.size());
  return {id, std::move(key), hash_of(secret)};
}

std::optional<ApiKeyParts> parse_api_key(std::string_view text) noexcept {
  if (text.size() != kChecksumAt + kChecksumDigits || !text.starts_with(kPrefix)) return std::nullopt;
  const auto id = text.substr(kPrefix.size(), kIdDigits), secret = text.substr(kSecretAt, kSecretDigits);
  const auto checksum = checksum_of(text.substr(0, kChecksumAt - 1));
  if (text[kSecretAt - 1] != '_' || text[kChecksumAt - 1] != '_') return std::nullopt;
  if (!is_hexadecimal(id) || !is_hexadecimal(secret)) return std::nullopt;
  if (text.substr(kChecksumAt) != std::string_view(checksum.data(), checksum.size())) return std::nullopt;
  return ApiKeyParts{id, secret};
}

bool is_secret_of(const ApiKey& key, std::string_view secret) {
  return crypto::constant_time_equal(hash_of(secret), key.secret_hash);
}

}  // namespace penstock::registry
