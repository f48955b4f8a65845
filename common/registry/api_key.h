// API keys as their holders have them: "pk_<id>_<secret>_<checksum>".
//
// The id, 16 hexadecimal digits, names the setting; the secret, 64, is 256 random bits, of which a hash is kept. The
// checksum (CRC-32 of what is before it, 8 digits) tells a mistyped key from a wrong one, and lets scanners find keys
// that were published by mistake.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/registry/values.h"

namespace penstock::registry {

// What keys may be good for (contract.md, "Settings").
inline constexpr std::string_view kPaymentsConfirm = "payments:confirm";
inline constexpr std::string_view kReportsWrite = "reports:write";
inline constexpr std::string_view kEventsPublish = "events:publish";
inline constexpr std::string_view kWebhooksManage = "webhooks:manage";
inline constexpr std::string_view kAdminRead = "admin:read";
inline constexpr std::string_view kScopes[] = {kPaymentsConfirm, kReportsWrite, kEventsPublish,
                                               kWebhooksManage, kAdminRead};

bool has_scope(const std::vector<std::string>& scopes, std::string_view scope) noexcept;

struct NewApiKey {
  std::string id;
  std::string key;          // all of it, to be shown once
  std::string secret_hash;  // for ApiKey
};
NewApiKey make_api_key();

struct ApiKeyParts {
  std::string_view id;
  std::string_view secret;
};
// nullopt: no key of ours could look like this. Views into the text.
std::optional<ApiKeyParts> parse_api_key(std::string_view text) noexcept;

// In constant time.
bool is_secret_of(const ApiKey& key, std::string_view secret);

}  // namespace penstock::registry
