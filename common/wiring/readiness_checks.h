// What the programs need of the log and the store: at their start, and as GET /readyz checks it.
#pragma once

#include <initializer_list>

#include "common/config/settings.h"
#include "common/http/probes/readiness.h"
#include "common/ports/event_sink.h"
#include "common/ports/log_admin.h"
#include "common/ports/store.h"
#include "common/ports/store_admin.h"

namespace penstock {

// The log and the store must outlive the check.
ReadinessCheck log_check(const Settings& settings, EventSink& log);
ReadinessCheck store_check(const Settings& settings, Store& store);

// Whether a program may start, by the first answers of what it needs: not on topics or a schema that are not
// this version's, and then the log says which command to run. What cannot be reached is said and waited for.
bool may_start(std::initializer_list<Status> first_answers);

// Makes the topics and the store's schema this version's.
Status migrate(LogAdmin& log, StoreAdmin& store);

}  // namespace penstock
