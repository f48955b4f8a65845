// POST /v1/ads/{id}/impression: an ad was shown. Open to everybody, so that what bounds a client is its rate.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "common/catalogue/catalogue.h"
#include "common/net/ip_address.h"
#include "ingress/intake/intake.h"

namespace penstock {

struct AdsDoorOptions {
  std::uint32_t impressions_per_second = 20;  // of one address, an IPv6 /64; twice that at once; 0: no limit
  std::vector<IpRange> trusted_proxies = {};  // whose X-Forwarded-For says which address that is
};

// Whether there is an ad of that id. Called on I/O threads, for ids in canonical form: must not block or
// throw.
using KnowsAd = std::function<bool(std::string_view id)>;

// A 200 means: acknowledged by the log, and counted once for certain. All is decided by the head; a body of
// at most 4 KiB is kept with the impression and looked at by nobody. With an Idempotency-Key the same
// impression of the ad may be posted again and counts once, for as long as the inbox remembers
// (PENSTOCK_INBOX_RETENTION). Without, each is one of its own. The catalogue must outlive the door.
Door ads_door(const AdsDoorOptions& options, const Catalogue& catalogue, KnowsAd knows);

}  // namespace penstock
