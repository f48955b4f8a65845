// Cookies (RFC 6265bis). Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "common/http/server/request_head.h"

namespace penstock::http {

// The value that a request brings under that name; nullopt when there is none, and when there are several: one of them
// may have been set by another host of the domain. Valid as long as the head.
std::optional<std::string_view> cookie(const RequestHead& head, std::string_view name) noexcept;

struct Cookie {
  std::string_view name;
  std::string_view value;          // visible ASCII without '"', ',', ';' and '\'
  std::chrono::seconds max_age{};  // zero takes it away
  bool secure = true;
};

// The value of Set-Cookie: for this host and all of its paths, for no script, and for what another site began only when
// it is a GET that leads here (HttpOnly; SameSite=Lax).
std::string set_cookie(const Cookie& cookie);

}  // namespace penstock::http
