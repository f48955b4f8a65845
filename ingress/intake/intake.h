// What every door does with an event: once.
//
// A door says who may come in, and what an event of its is. The intake appends it,
// waits for the log's report, answers, and counts; it writes the lines about those who are turned away, not too
// many of them, and hears from the circuit when the log is away.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/async/periodic.h"
#include "common/http/server/server.h"
#include "common/observe/metrics.h"
#include "common/ports/clock.h"
#include "ingress/intake/log_circuit.h"

namespace penstock {

// Why a request is turned away.
struct Refused {
  std::string_view reason;              // label of the metric, one of Door::reasons
  http::Response answer;                // says no more than the caller may know
  std::function<std::string()> detail;  // for the log; called at once or never
};

// What a verified request comes to.
struct VerifiedEvent {
  Record record;
  std::optional<http::Response> answer = {};  // once the log has it; without one, Door::accepted
};

// What a request comes to whose event is settled only when something else stands in the log.
struct ClaimedEvent {
  Record claim;  // appended first
  // Given where that stands, calls `settled` once with the event, from any thread, or never: then the route's deadline
  // answers. Called on a thread of the log: must not block or throw. An error is answered as that of an append.
  using Settled = std::function<void(Result<VerifiedEvent>)>;
  std::function<void(const Position&, Settled settled)> settle;
};

using Received = std::variant<VerifiedEvent, Refused, ClaimedEvent>;

// A row of the public listener. Its functions run on I/O threads: they must not block or throw.
struct Door {
  std::string_view name;  // of its route, in metrics and lines
  std::vector<std::string> paths;
  std::string_view media_type;            // of the bodies it takes; empty: any, or none
  std::string_view refusal;               // the line about one who is turned away: "signature refused"
  std::vector<std::string_view> reasons;  // every Refused::reason
  http::Response accepted;                // once the log has the event, unless it has an answer of its own

  // By the head alone, before anything of the body is read.
  std::function<std::optional<Refused>(const http::Request&, Timestamp now)> authenticate_head;
  // By all of it. An event may take the body out of the request. What a provider has signed is never refused for what it
  // says: whether it is an event at all, the workers find out.
  std::function<Received(http::Request&, Timestamp received_at)> receive;
};

struct IntakeOptions {
  LogCircuitOptions log = {};  // a 503 when it does not answer in time
  std::chrono::seconds retry_after{5};
};

// Events that the log has not answered for when this is destroyed are counted still; the clock and the metrics
// must outlive the log. All methods but routes() may be called from any thread.
class Intake {
 public:
  Intake(IntakeOptions options, EventSink& log, const Clock& clock, Metrics& metrics);
  ~Intake();
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  // POST on each of the door's paths. This must outlive the server that has them.
  std::vector<http::Route> routes(Door door);

  // As LogCircuit::append(), for what comes in otherwise than through a door.
  Status append(Record&& record, AppendDone done) {
    return circuit_->append(std::move(record), std::move(done));
  }

  // As LogCircuit::ready().
  Status ready(const std::vector<std::string>& topics) { return circuit_->ready(topics); }

 private:
  struct Replies;
  struct Opened;
  struct Exchange;

  static void append(LogCircuit& circuit, const Exchange& exchange, VerifiedEvent&& event);
  void claim(const Exchange& exchange, ClaimedEvent&& claimed);
  void take(const std::shared_ptr<Opened>& opened, http::Request&& request, const http::Responder& responder);
  http::Response refuse(Opened& opened, const http::Request& request, const Refused& refused);

  const Milliseconds answer_deadline_;
  const Clock& clock_;
  Metrics& metrics_;
  const std::shared_ptr<LogCircuit> circuit_;  // whoever settles an event finds out so that this is gone
  const std::shared_ptr<Replies> replies_;     // shared with the appends that are open
  Periodic giving_up_;                         // last: it uses the circuit
};

}  // namespace penstock
