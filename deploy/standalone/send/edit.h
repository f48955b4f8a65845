// Changes to a JSON text before it is sent. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.h"

namespace penstock::send {

// What `--set POINTER=VALUE` asks for.
struct Change {
  std::string pointer;  // RFC 6901
  std::string value;    // JSON
};

// Splits at the first '='. What is no JSON is a string. Errors are `invalid` and name the pointer.
Result<Change> parse_change(std::string_view argument);

// The document with that member or element replaced; a member that is missing is added to its object. Errors
// are `invalid`, name the pointer and say where it leads nowhere.
Result<json::Document> apply(const json::Document& document, const Change& change);

// The document with its own id, and each id of a payment, subscription, invoice or payout of Stripe's (pi_…,
// po_…, …), made another one by adding `salt`, the same wherever it stands, so that what belonged together
// still does.
// Customers and accounts stay: whose the objects are is what one has a file for.
json::Document with_new_ids(const json::Document& document, std::string_view salt);

}  // namespace penstock::send
