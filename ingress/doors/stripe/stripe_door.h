// POST /v1/webhook/stripe and /api/webhooks/stripe: Stripe's events, for the platform's own endpoint.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/catalogue/catalogue.h"
#include "ingress/intake/intake.h"

namespace penstock {

struct StripeDoorOptions {
  std::vector<std::string> secrets = {};  // any of them may sign
  std::optional<std::chrono::seconds> tolerance = std::chrono::seconds{300};
};

// A 200 means: verified, and acknowledged by the log. A request whose signature cannot be right whatever the
// body is refused before its body is read. The age of a signature is judged then, once. The catalogue must
// outlive the door.
Door stripe_door(const StripeDoorOptions& options, const Catalogue& catalogue);

}  // namespace penstock
