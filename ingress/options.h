// The settings as the ingress takes them.
#pragma once

#include "common/config/settings.h"
#include "common/http/listeners/listeners.h"
#include "ingress/claims/claims.h"
#include "ingress/doors/ads/ads_door.h"
#include "ingress/doors/reports/reports_door.h"
#include "ingress/doors/stripe/stripe_door.h"
#include "ingress/sessions/sessions.h"
#include "ingress/signin/sign_in.h"

namespace penstock {

http::ServerOptions public_server_options(const Settings& settings);
StripeDoorOptions stripe_door_options(const Settings& settings);
AdsDoorOptions ads_door_options(const Settings& settings);
ReportsDoorOptions reports_door_options(const Settings& settings);
SessionOptions session_options(const Settings& settings);
SignInOptions sign_in_options(const Settings& settings);
std::vector<IdentityProviderOptions> identity_provider_options(const Settings& settings);
// Where providers may be beside public addresses: what the settings allow, and this machine when one of them is said to
// be there.
std::vector<IpRange> provider_hosts(const Settings& settings);
IntakeOptions intake_options(const Settings& settings);
ClaimsOptions claims_options(const Settings& settings);

// How many connections the public listener may have, if `open_files_max` are to be enough for them and for
// `other_files`: the setting, or what fits, at least half of the limit.
std::uint64_t connections_that_fit(std::uint64_t connections_max, std::uint64_t open_files_max,
                                   std::uint64_t other_files) noexcept;

// Lowers the setting to what fits, and then warns with both numbers. `private_connections` are those of the
// process's other listener.
void fit_connections(Settings& settings, std::uint64_t open_files_max, std::size_t private_connections);

}  // namespace penstock
