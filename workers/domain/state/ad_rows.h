// Ads: what showing them costs, and how often they have been shown.
#pragma once

#include <optional>
#include <string>

#include "workers/domain/state/row.h"
#include "workers/domain/state/table.h"

namespace penstock {

BOOST_DEFINE_ENUM_CLASS(AdStatus, active, paused)
BOOST_DEFINE_ENUM_CLASS(PauseReason, budget, manual)

struct AdName {
  std::optional<std::string> name;
  bool operator==(const AdName&) const = default;
};
BOOST_DESCRIBE_STRUCT(AdName, (), (name))

struct AdCount {
  std::int64_t impressions = 0;
  bool operator==(const AdCount&) const = default;
};
BOOST_DESCRIBE_STRUCT(AdCount, (), (impressions))

// Neither is negative.
struct AdPrice {
  MicroUnits budget;
  MicroUnits cost_per_impression;
  std::string currency;
  bool operator==(const AdPrice&) const = default;
};
BOOST_DESCRIBE_STRUCT(AdPrice, (), (budget, cost_per_impression, currency))

// `manual` also where the budget is reached as well.
struct AdStanding {
  AdStatus status = AdStatus::active;
  std::optional<PauseReason> paused_reason;
  std::optional<Timestamp> paused_at;  // since when it has been paused, whatever for
  bool operator==(const AdStanding&) const = default;
};
BOOST_DESCRIBE_STRUCT(AdStanding, (), (status, paused_reason, paused_at))

// There is a row as soon as anything is known of an ad. Until it is registered it has no price, and its
// impressions are counted all the same.
struct Ad : ObjectId, AdName, AdCount, AdPrice, AdStanding {
  bool registered = false;           // an operator has said what it is
  std::int64_t budgets_reached = 0;  // how often it came to cost its budget
  bool operator==(const Ad&) const = default;
};
BOOST_DESCRIBE_STRUCT(Ad, (ObjectId, AdName, AdCount, AdPrice, AdStanding), (registered, budgets_reached))

template <>
struct TableName<Ad> {
  static constexpr ListIndex kIndexes[] = {{}, {.column = "status"}};
  static constexpr TableTraits traits{.name = "ads", .resource = "ads", .indexes = kIndexes};
};

}  // namespace penstock
