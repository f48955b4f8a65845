// Keys that are made of a key.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock::crypto {

// HKDF with SHA-256 and no salt (RFC 5869): `bytes` of them, 8160 at most, which tell nothing of the key, nor of what was
// derived for another purpose. The key has as much entropy as is asked for. Safe from any thread; never blocks.
std::string hkdf_sha256(std::string_view key, std::string_view purpose, std::size_t bytes);

}  // namespace penstock::crypto
