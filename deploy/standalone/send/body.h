// The bodies that an order stands for.
#pragma once

#include <optional>
#include <string>

#include "common/core/time.h"
#include "deploy/standalone/send/order.h"

namespace penstock::send {

// The next body: a built-in event with new ids, or the file, byte for byte unless it is to be changed. Errors
// are `invalid`: a change that leads nowhere, or of what is no JSON.
Result<std::string> make_body(const Order& order, Timestamp now);

// What a person looks for in a body; empty where it does not say.
struct Named {
  std::string event;
  std::string type;
  std::string object;  // "payment_intent"
  // Under which the object shows: of a dispute, its charge's. A partner's object is all of `data`.
  std::string object_id;
  std::optional<bool> livemode = {};
  std::string account = {};      // the connected account's
  std::string scope = "stripe";  // of the event's key; empty: not known
};

Named names_in(const std::string& body);

std::int64_t to_unix_seconds(Timestamp at);

}  // namespace penstock::send
