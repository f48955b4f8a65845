#include "common/workflows/waiting_run.h"

#include "common/json/codec.h"

namespace penstock {

std::string encode(const WaitingRun& run) { return json::to_text(run); }

Result<WaitingRun> decode_waiting_run(std::string_view text) {
  const auto document = json::Document::parse(text, json::kOwnLimits);
  WaitingRun run;
  if (document && json::decode(document.value().root(), run)) return run;
  return Error{ErrorCode::corrupt, "a waiting run cannot be read"};
}

}  // namespace penstock
