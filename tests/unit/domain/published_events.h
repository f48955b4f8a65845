// Events of orgs as a test spells them, read by their source.
#pragma once

#include <string>

#include "tests/unit/domain/world.h"

namespace penstock::testing {

struct PublishedSpec {
  std::string id;
  std::string org = "acme";
  std::string type = "reward.claimed";
  std::string data = "{}";  // JSON
  Timestamp at = timestamp_from_unix_ms(1'000'000);
};

SaidEvent published_event(const PublishedSpec& spec);

}  // namespace penstock::testing
