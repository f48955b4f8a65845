// POST /v1/events: an org tells its own receivers of an event.
#pragma once

#include "common/catalogue/catalogue.h"
#include "common/registry/table.h"
#include "ingress/intake/intake.h"

namespace penstock {

// For holders of an API key with the scope events:publish, whose org the event is of. The body is {"type", "data", "id"?,
// "timestamp"?} and nothing else. The answer names the event's id: the one given, else one made here. One id of an org is one
// event, however often it is posted; which of several is carried out, the workers find out. The catalogue and the table
// must outlive the door.
Door events_door(const Catalogue& catalogue, const registry::Table& settings);

}  // namespace penstock
