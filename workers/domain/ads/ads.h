// Ads: every impression counts, and an ad is paused while its impressions cost its budget.
//
// What an ad has spent, and whether its budget pauses it, follow from its price and its count alone; so
// impressions come to the same in every order, in batches of any size, and before or after the ad is
// registered.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/core/result.h"
#include "workers/domain/event/event.h"
#include "workers/domain/event/policy.h"
#include "workers/domain/state/view.h"

namespace penstock {

struct Impression {
  EventKey event;
  Timestamp at;  // received
};

// Of one ad, at least one, in the order of the log: what is known by its place alone is decided about
// together.
struct ImpressionFacts {
  std::string ad;
  std::vector<Impression> impressions;
};

void name_reads(const View& view, const ImpressionFacts& facts, Reads& reads);

// Tells ad.paused once for each time that the ad comes to cost its budget, as it stood with the impression
// that did it, also while an operator has paused it: its id follows from the ad, the budget and how many it
// had reached before. Never fails: a count that would leave 64 bits stays at the greatest.
Result<Effects> decide(const View& view, const ImpressionFacts& facts, const Policy& policy);

// What an operator says of an ad, as a whole.
struct AdTerms {
  std::string id;
  AdName name;
  AdPrice price;
  std::optional<AdStatus> status = {};  // paused: by hand, until it is active again; not given: as it was
};

void name_reads(const View& view, const AdTerms& terms, Reads& reads);

// Replaces name and price and keeps the count, which costs the new price from the first impression on. A
// budget above what that comes to resumes an ad that was paused for its budget and no other; one that it
// reaches pauses the ad as an impression would. Ignored with the reason kCurrencyFixed: the ad has been
// shown, so its count is of another currency. `at` is now, `by` who says it.
Effects decide_terms(const View& view, const AdTerms& terms, Timestamp at, const EventKey& by);
inline constexpr std::string_view kCurrencyFixed = "currency_fixed";

// impressions × cost_per_impression, and no more than the budget.
MicroUnits spend_of(const Ad& ad) noexcept;

struct AdSpend {
  MicroUnits spend;
  bool operator==(const AdSpend&) const = default;
};
BOOST_DESCRIBE_STRUCT(AdSpend, (), (spend))
// An ad as clients read it (contract.md, /v1/ads).
struct AdView : ObjectId, AdName, AdCount, AdSpend, AdPrice, AdStanding {
  bool operator==(const AdView&) const = default;
};
BOOST_DESCRIBE_STRUCT(AdView, (ObjectId, AdName, AdCount, AdSpend, AdPrice, AdStanding), ())

AdView ad_view(const Ad& row);

}  // namespace penstock
