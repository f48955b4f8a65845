// Impressions of ads, as the ads door takes them in. What is counted is the record: the ad stands in its
// header ce_subject, and whatever the client has sent as a body is not looked at.
#pragma once

#include "workers/sources/sources.h"

namespace penstock {

inline constexpr std::string_view kAds = "ads";

Source ads_source();

}  // namespace penstock
