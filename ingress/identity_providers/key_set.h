// A provider's public keys (JWKS, RFC 7517). Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/jose/jose.h"
#include "common/json/value.h"
#include "ingress/identity_providers/failure.h"

namespace penstock {

// Immutable; any thread may use it.
class KeySet {
 public:
  // Keys that we cannot use are passed over; of the rest 64 are taken.
  static ProviderResult<KeySet> read(json::Value document);

  // Those that may have signed the token: all that fit its algorithm, or of these the ones that it names.
  std::vector<jose::Key> candidates(const jose::Token& token) const;

 private:
  struct NamedKey {
    std::string id;         // empty: without one
    std::string algorithm;  // empty: any that it fits
    jose::Key key;
  };
  std::vector<NamedKey> keys_;
};

}  // namespace penstock
