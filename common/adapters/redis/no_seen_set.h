// What stands in for Redis where none is configured: remembers nothing, so every
// event is looked up in the inbox.
#pragma once

#include "common/ports/seen_set.h"

namespace penstock {

class NoSeenSet final : public SeenSet {
 public:
  Result<std::vector<std::optional<Position>>> seen(std::span<const EventKey> keys) override {
    return std::vector<std::optional<Position>>(keys.size());
  }
  Status mark(std::span<const SeenEvent>) override { return ok(); }
};

}  // namespace penstock
