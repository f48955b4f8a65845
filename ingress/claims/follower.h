// Tells an ingress' claims what the topic of claims has.
#pragma once

#include <memory>
#include <thread>

#include "common/core/result.h"
#include "common/ports/log_reader.h"
#include "ingress/claims/claims.h"

namespace penstock {

// On a thread of its own from construction to destruction, which waits for a poll at most. The log must outlive it.
class ClaimsFollower {
 public:
  ClaimsFollower(LogReader& log, std::shared_ptr<Claims> claims);
  ClaimsFollower(const ClaimsFollower&) = delete;
  ClaimsFollower& operator=(const ClaimsFollower&) = delete;

 private:
  void run(const std::stop_token& stop);
  void note_contact(const Status& answered);

  LogReader& log_;
  const std::shared_ptr<Claims> claims_;
  bool answers_ = true;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace penstock
