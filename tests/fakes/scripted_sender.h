// A sender that answers as it is told, by URL, when it is told to. Not for several threads.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/ports/http_sender.h"

namespace penstock {

class ScriptedSender final : public HttpSender {
 public:
  SendResult<void> send(OutgoingRequest request, SendDone done) override {
    if (full) return SendFailure{SendError::overloaded, "full", 0, {}};
    waiting.push_back({std::move(request), std::move(done)});
    return boost::outcome_v2::success();
  }

  // Answers all that wait, and what is sent meanwhile; a URL without an answer cannot be reached.
  void run() {
    while (!waiting.empty()) {
      auto [request, done] = std::move(waiting.front());
      waiting.pop_front();
      sent.push_back(request);
      const auto found = answers.find(request.url);
      if (found == answers.end())
        done(SendFailure{SendError::connect_failed, "refused", 0, {}});
      else
        done(found->second);
    }
  }

  void answer(const std::string& url, int status, std::string body) {
    OutgoingAnswer& said = answers[url];
    said.status = status;
    said.body = std::move(body);
  }
  std::size_t times_sent(const std::string& url) const {
    std::size_t times = 0;
    for (const auto& request : sent) times += request.url == url ? 1 : 0;
    return times;
  }

  bool full = false;
  std::map<std::string, OutgoingAnswer> answers;
  std::deque<std::pair<OutgoingRequest, SendDone>> waiting;
  std::vector<OutgoingRequest> sent;
};

}  // namespace penstock
