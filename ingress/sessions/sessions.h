// Who is signed in: session tokens, which each ingress issues and verifies by itself, without asking anybody.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/core/describe.h"
#include "common/http/server/request_head.h"
#include "common/jose/jose.h"
#include "common/ports/clock.h"

namespace penstock {

inline constexpr std::string_view kSessionCookie = "penstock_session";

// Why a token is no session, spelled like the metric label.
BOOST_DEFINE_ENUM_CLASS(SessionError,
                        malformed,        // no signed token, or cut, or without what a session says
                        wrong_algorithm,  // of another one than HS256, "none" included
                        forged,           // not signed by us, or by a master key that is no longer there
                        wrong_issuer,     // of another PENSTOCK_PUBLIC_URL
                        wrong_audience,   // ours, for something else
                        not_yet_valid, expired)

struct Session {
  std::string user;     // the id of /v1/users/{id}
  std::string account;  // "provider/subject" that signed in: the id of its ban, if there is one (standing.h)
  Timestamp expires_at;
};

struct SessionOptions {
  std::string issuer;  // PENSTOCK_PUBLIC_URL
  Milliseconds ttl{};
};

// Tokens are JWTs (RFC 7519) with `iss`, `aud`, `sub`, `account`, `iat` and `exp`, signed by HS256. The key is derived from the
// first master key, and what any of them has signed holds. Nothing is kept of a token, so none can be taken back before
// it expires, but all at once: by taking the master keys away.
//
// Immutable; any thread may use it, and nothing blocks.
class Sessions {
 public:
  // There is at least one master key. The clock must outlive this.
  Sessions(SessionOptions options, std::span<const std::string> master_keys, const Clock& clock);

  std::string issue(std::string_view user, std::string_view account) const;
  std::variant<Session, SessionError> verify(std::string_view token) const;

  Milliseconds ttl() const noexcept { return options_.ttl; }

 private:
  const SessionOptions options_;
  std::vector<jose::Key> keys_;
  const Clock& clock_;
};

// The token that a request brings: of `Authorization: Bearer`, where there is such a field, else of the cookie. nullopt:
// there is none. Valid as long as the head.
//
// The cookie is SameSite=Lax, so a browser brings it along with no POST that another site began.
std::optional<std::string_view> session_token(const http::RequestHead& head) noexcept;

}  // namespace penstock
