// Events of partners as a test spells them, read by their source.
#pragma once

#include <cstdint>
#include <string>

#include "tests/unit/domain/world.h"
#include "workers/sources/sources.h"

namespace penstock::testing {

struct PartnerSpec {
  std::string type;
  std::string data;             // JSON
  std::string id = {};          // default: made of the others, so that equal specs are one event
  std::int64_t created = 1000;  // Unix seconds
  std::string org = "acme";
  std::string partner = "crm";
};

// The body as the partner posts it, and the headers and key that the door gives its record.
std::string partner_body(const PartnerSpec& spec);
Headers partner_headers(const PartnerSpec& spec);
EventKey partner_key(const PartnerSpec& spec);

// As its source reads it.
ReadEvent read_partner(const PartnerSpec& spec);
SaidEvent partner_event(const PartnerSpec& spec);

// The scope of an org's rows.
Scope scope_of_org(const std::string& org);

}  // namespace penstock::testing
