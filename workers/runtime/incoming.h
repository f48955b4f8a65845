// A log record as a worker takes it in: who it is, where it stands, and what it says, or why it says nothing.
#pragma once

#include <optional>
#include <string>

#include "common/ports/event_log.h"
#include "workers/domain/decide.h"
#include "workers/domain/state/event_rows.h"

namespace penstock {

// Why an event cannot be applied. `error_class` is one word for filters and metrics ("not_json",
// "wrong_shape", "amount_overflow", "store_rejected"); the reason in the inbox is the same word.
struct Rejection {
  std::string error_class;
  std::string message;
};

// Splits the detail of an `invalid` Error ("wrong_shape: event.id is missing") into class and message.
Rejection rejection_of(const Error& error);

struct Incoming {
  StoredRecord record;
  EventKey key;
  std::string type;
  std::string source;
  Timestamp event_created;
  Timestamp received_at;
  std::optional<std::string> entity;

  Facts facts;
  std::optional<Rejection> rejected;  // for good: it is no event, or the store cannot hold what it says
  std::optional<Rejection> refused;   // by a rule, as the rows stood when it was last decided about

  std::int64_t attempts = 1;
  bool dead_letter_durable = false;  // it stands in the parked topic already

  const Rejection* why_parked() const {
    if (rejected) return &*rejected;
    return refused ? &*refused : nullptr;
  }
};

// Reads the record's headers and, strictly, its body. Never fails: what is no event comes back rejected.
Incoming take_in(StoredRecord record);

// The inbox row that says what became of it.
InboxRow inbox_row(const Incoming& incoming, Outcome outcome);

// The dead letter: the record as it was, with where it came from and why it is parked.
Record dead_letter(const Incoming& incoming);

}  // namespace penstock
