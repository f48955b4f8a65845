// GET /api/auth/login and /api/auth/callback, POST /api/auth/logout.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/catalogue/catalogue.h"
#include "common/crypto/sealer.h"
#include "common/http/server/server.h"
#include "common/net/ip_address.h"
#include "common/observe/metrics.h"
#include "common/ports/event_sink.h"
#include "common/registry/table.h"
#include "ingress/identity_providers/identity_provider.h"
#include "ingress/sessions/sessions.h"

namespace penstock {

// Behind the public URL: what providers know as the redirect URI.
inline constexpr std::string_view kCallbackPath = "/api/auth/callback";

// Of one provider at a time; further ones are turned away at once.
inline constexpr std::size_t kExchangesMax = 64;

struct SignInOptions {
  std::string public_url;
  std::string app_url;
  bool secure_cookies = true;
  Milliseconds ack_timeout{5'000};
  std::uint32_t requests_per_minute = 0;      // of one address, an IPv6 /64; as many at once; 0: no limit
  std::vector<IpRange> trusted_proxies = {};  // whose X-Forwarded-For says which address that is
};

using IdentityProviders = std::map<std::string, std::unique_ptr<IdentityProvider>>;
// As Intake::append().
using Append = std::function<Status(Record&&, AppendDone)>;

struct SignInParts {
  IdentityProviders providers;  // by name
  Append append;
  const registry::Table& settings;  // the bans
  const crypto::Sealer& sealer;
  std::shared_ptr<const Sessions> sessions;
  const Catalogue& catalogue;
  const Clock& clock;
  Metrics& metrics;
};

// What a 302 to the app means: the log has acknowledged user.signed_in, and the browser has a session. Whoever signs in is
// the same user each time, as provider and subject are the same.
//
// What is under way when this goes is brought to its end by the sender, which must go first, or by the log. The clock, the
// metrics and the catalogue must outlive the log; settings and sealer the sender.
class SignIn {
 public:
  SignIn(SignInOptions options, SignInParts parts);
  ~SignIn();
  SignIn(const SignIn&) = delete;
  SignIn& operator=(const SignIn&) = delete;

  // This must outlive the server that has them.
  std::vector<http::Route> routes();

 private:
  class Core;
  const std::shared_ptr<Core> core_;  // shared with what is under way
};

}  // namespace penstock
