// Where an event is appended before it is acknowledged.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/core/result.h"
#include "common/ports/event_record.h"

namespace penstock {

// Called exactly once per accepted append, from a thread of the log, never from inside append(). Must not
// block or throw. The position is where the record now durably is.
using AppendDone = std::function<void(Result<Position>)>;

// All methods may be called from any thread.
class EventSink {
 public:
  virtual ~EventSink() = default;

  // Takes the record or refuses it at once (overloaded: the bounded queue is full; then `done` is not
  // called). Never blocks. `done` gets the position once the record is as durable as the log makes it (Kafka:
  // acks=all; SQLite: committed with fsync), or an error by the append deadline at the latest: timeout and
  // unavailable mean unknown_outcome, since the record may still get there.
  virtual Status append(Record record, AppendDone done) = 0;

  // Blocks until all accepted appends are answered, or the deadline passed (timeout).
  virtual Status flush(Milliseconds deadline) = 0;

  // Can an append succeed now, to some partition at least, and are these topics there and as strong as the
  // settings say (else wrong_schema, naming topic and value)? Never creates anything. Blocks for a second at
  // most, the first time for a few.
  virtual Status ready(const std::vector<std::string>& topics) = 0;
};

}  // namespace penstock
