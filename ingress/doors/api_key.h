// Who comes in with an API key, decided here for every door alike.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <variant>

#include "common/registry/table.h"
#include "ingress/doors/refusals.h"

namespace penstock {

struct KeyHolder {
  std::string org;     // the only one that the key is good for
  std::string key_id;  // no secret
};

// Every reason for which a key is turned away.
inline constexpr std::array<std::string_view, 4> kApiKeyReasons = {"api_key_missing", "api_key_unknown",
                                                                   "scope_missing", kSettingsUnavailable};

// The holder of the key in `X-API-Key`. Otherwise: 401 without one, with several, and with one that is none of ours or was
// revoked; 403 for one without the scope (registry::kScopes); 503 while the settings are not known yet, or that key's
// cannot be opened. The secret is compared in constant time, and neither answer nor detail holds any of it. Says what holds
// at this moment: a door that asks for the head and again for the whole request turns away who was revoked
// meanwhile. For I/O threads; neither blocks nor throws.
std::variant<KeyHolder, Refused> authenticate_api_key(const http::Request& request, std::string_view scope,
                                                      const registry::Table& settings);

}  // namespace penstock
