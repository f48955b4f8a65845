// Who asks, what they may, and which org they ask about: decided here for every route alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/core/result.h"
#include "common/http/server/server.h"
#include "workers/settings/setting_writer.h"

namespace penstock::admin {

struct Principal {
  std::string name = "root";  // for the audit: "root", "key:<id>"
  bool root = true;           // may do everything, in any org
  std::string org = {};       // a key's only one
  std::vector<std::string> scopes = {};
};

// What a route asks of the principal: a column of the table in admin_api.cpp.
enum class Needs {
  root,
  platform_read,      // what belongs to no org alone: a key of the default org with admin:read
  org_read,           // admin:read
  org_webhooks,       // webhooks:manage
  org_webhooks_read,  // either of these two
};

// A request of somebody who may make it.
struct Request : http::Request {
  Request(http::Request&& request, Principal who, std::string about)
      : http::Request(std::move(request)), principal(std::move(who)), org(std::move(about)) {}
  Principal principal;
  std::string org;  // which one's resources it is about
};

// The token of `Authorization: Bearer …` (RFC 6750); empty when there is none, or more than one field.
std::string_view bearer_token(const http::Request& request);

http::Response unauthorized();

// The holder of an API key; nullopt when it is none, or one that was deleted. The secret is compared in constant time.
// Errors: the store's. Blocks.
Result<std::optional<Principal>> holder_of(const SettingPorts& settings, std::string_view api_key);

// The org that the request is about: that of its path, else of `?org=` or `X-Org-Id`, else the key's own or the default
// one. Otherwise the answer to one who may not: 403, or 400 for a name that is none.
std::variant<std::string, http::Response> authorize(const http::Request& request, const Principal& principal,
                                                    Needs needs);

}  // namespace penstock::admin
