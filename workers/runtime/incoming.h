// A log record as a worker takes it in: who it is, where it stands, and what it says, or why it says nothing.
#pragma once

#include <optional>
#include <string>

#include "common/ports/event_log.h"
#include "workers/domain/decide.h"
#include "workers/domain/state/event_rows.h"
#include "workers/sources/sources.h"

namespace penstock {

// Why an event cannot be applied. `error_class` is one word for filters and metrics ("not_json",
// "wrong_shape", "amount_overflow", "store_rejected", "conflict"); the reason in the inbox is the same word.
struct Rejection {
  std::string error_class;
  std::string message;
  bool alert = false;     // a person should look at it: it is nothing that the event itself shows
  bool by_store = false;  // and taken back when the store does not even take that it is parked
};

// The text as the inbox takes it: UTF-8 of bounded length. A parked event must not fail again for what is
// said of it.
std::string storable_message(std::string_view text);

// Splits the detail of an `invalid` Error ("wrong_shape: event.id is missing") into class and message.
Rejection rejection_of(const Error& error);

struct Incoming {
  StoredRecord record;
  EventKey key;
  bool has_id = true;  // else the key says its place in the log, which no other record has
  std::string type;
  std::string source;
  Timestamp event_created;
  Timestamp received_at;
  std::optional<std::string> entity;

  bool body_read = false;
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

// What the record's headers say. A header that no provider and no door of ours would write (longer than 255
// bytes, no UTF-8) counts as missing, so that every record has a key that the store can hold.
Incoming identify(StoredRecord record);

// Has its source read the body, once. Never fails: what is no event is rejected.
void read_body(Incoming& incoming, const Sources& sources);

// The inbox row that says what became of it.
InboxRow inbox_row(const Incoming& incoming, Outcome outcome);

// Says in the row of a parked event why it is.
void take_reason(InboxRow& row, const Rejection& why);

// The record of an event as it was received; nullopt when the log has dropped it, or has another one there now. Blocks.
Result<std::optional<StoredRecord>> read_record(EventSource& log, const InboxRow& row);

// Whose dead letter a record of the parked topic is.
EventKey key_of_dead_letter(const StoredRecord& letter);

// The dead letter: the record as it was, with where it came from and why it is parked.
Record dead_letter(const Incoming& incoming);

}  // namespace penstock
