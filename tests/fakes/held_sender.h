// A sender of HTTP requests whose answers are the test's to give. For one thread.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "common/ports/http_sender.h"

namespace penstock::fakes {

struct HeldRequest {
  OutgoingRequest request;
  SendDone done;

  std::string field(std::string_view name) const {
    const auto found = std::find_if(request.headers.begin(), request.headers.end(),
                                    [name](const auto& field) { return field.first == name; });
    return found == request.headers.end() ? std::string() : found->second;
  }
  void answer(int status, HttpFields fields = {}, std::string body = "ok") const {
    OutgoingAnswer answer;
    answer.status = status;
    answer.headers = std::move(fields);
    answer.body = std::move(body);
    done(std::move(answer));
  }
  void fail(SendError error) const { done(SendFailure{error, "as the test says", 0, {}}); }
};

class HeldSender final : public HttpSender {
 public:
  SendResult<void> send(OutgoingRequest request, SendDone done) override {
    if (refusal) return SendFailure{*refusal, "as the test says", 0, {}};
    held.push_back({std::move(request), std::move(done)});
    return boost::outcome_v2::success();
  }

  HeldRequest take() {
    HeldRequest first = std::move(held.front());
    held.pop_front();
    return first;
  }

  std::deque<HeldRequest> held;
  std::optional<SendError> refusal;  // of every request, at once
};

}  // namespace penstock::fakes
