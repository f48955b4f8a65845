// What the domain tells the platform: outbox rows and alerts, with ids that follow from their cause.
#pragma once

#include <string>
#include <string_view>

#include "common/core/org.h"
#include "workers/domain/state/view.h"

namespace penstock {

// The id of an outbound event: a UUIDv5 (RFC 4122) of its type and cause, the same on every redelivery and
// replay. `cause` is an effect key ("payment.succeeded of pi_1") or an event key.
std::string outbound_id(std::string_view type, std::string_view cause);

// What `cause` names an object by: the id of the platform's live ones, else its scope and id, so that ids
// stay apart between modes, accounts and orgs.
std::string cause_of(const Scope& scope, std::string_view id);

// Adds an outbox row of the default org. `data` is the JSON object under "data" of the envelope.
void enqueue_outbound(Effects& effects, std::string_view type, std::string_view cause, const EventKey& event,
                      std::string data);
// Likewise of the scope's org, which alone is told.
void enqueue_outbound(Effects& effects, const Scope& scope, std::string_view type, std::string_view cause,
                      const EventKey& event, std::string data);

// Adds a row that is told to that app alone.
void enqueue_for_app(Effects& effects, const std::string& app, std::string_view type, std::string_view cause,
                     const EventKey& event, std::string data);

struct AlertText {
  std::string_view kind;
  std::string subject;
  std::string message;
  std::string occasion = {};  // tells apart what happens to one subject again and again
};

// Adds the alert (once per kind, subject and occasion) and an `alert.raised` that tells it.
void raise_alert(Effects& effects, AlertText alert, const EventKey& event);
// Likewise about an object of that scope; the message says when it is of test mode.
void raise_alert(Effects& effects, const Scope& scope, AlertText alert, const EventKey& event);

}  // namespace penstock
