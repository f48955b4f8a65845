#include "workers/runtime/dead_letters.h"

#include "common/observe/log.h"
#include "common/ports/append_and_wait.h"

namespace penstock {
namespace {

// What the log refuses says nothing about the event, whose record it holds already.
Error not_parked(Error error) {
  if (error.code == ErrorCode::invalid) error.code = ErrorCode::unavailable;
  error.detail.insert(0, "dead letters: ");
  return error;
}

}  // namespace

Status append_dead_letters(EventSink& log, const std::vector<Incoming*>& letters, Milliseconds deadline) {
  const auto letter_at = [&](std::size_t at) { return dead_letter(*letters[at]); };
  if (const auto appended = append_and_wait(log, letters.size(), letter_at, deadline); !appended)
    return not_parked(appended.error());
  for (Incoming* letter : letters) letter->dead_letter_durable = true;
  return ok();
}

void log_parked(std::string_view pool, const Incoming& incoming) {
  const Rejection* why = incoming.why_parked();
  log::warn("event parked", {{"pool", pool},
                             {"event", incoming.key.value},
                             {"reason", why->error_class},
                             {"detail", why->message}});
}

}  // namespace penstock
