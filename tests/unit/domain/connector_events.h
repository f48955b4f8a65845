// Events of connectors as a test spells them, read by their source.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/workflows/decision.h"
#include "tests/unit/domain/world.h"
#include "workers/sources/sources.h"

namespace penstock::testing {

Step emit_step(std::string type);
Step wait_step(std::string event_type, std::int64_t timeout_s = 60,
               std::string match = "/data/object/customer");

struct ConnectorSpec {
  std::string id;
  std::string type = "invoice.paid";
  std::string customer = "cus_1";  // of data.object; empty: it has none
  ConnectorDecision decision = {};
  std::int64_t received = 1000;  // Unix seconds
  std::string org = "acme";
};

// The body as Stripe posts it, and the headers and key that the door gives its record.
std::string connector_body(const ConnectorSpec& spec);
Headers connector_headers(const ConnectorSpec& spec);
EventKey connector_key(const ConnectorSpec& spec);

// As its source reads it.
SaidEvent connector_event(const ConnectorSpec& spec);

// What the door says of an event that starts a run of one workflow; of one that resumes that run.
ConnectorDecision starting(const std::string& event, std::vector<Step> steps,
                           const std::string& workflow = "dunning", const std::string& org = "acme");
ConnectorDecision resuming(const std::string& run, std::int64_t step);

}  // namespace penstock::testing
