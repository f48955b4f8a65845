// What all events of the API have in common.
#pragma once

#include <string>

#include "common/json/value.h"
#include "workers/domain/event/event.h"

namespace penstock::api {

struct Event {
  EventMeta meta;
  std::string id;         // the record's `ce_id`
  std::string principal;  // who has posted it (`ps_principal`): a user's id, or "key:<id>" of an API key
  json::Document body;
};

}  // namespace penstock::api
