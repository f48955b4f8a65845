#include "ingress/claims/follower.h"

#include <utility>

#include "common/observe/log.h"
#include "common/ports/log_admin.h"
#include "common/tables/follow.h"

namespace penstock {

ClaimsFollower::ClaimsFollower(LogReader& log, std::shared_ptr<Claims> claims)
    : log_(log), claims_(std::move(claims)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void ClaimsFollower::run(const std::stop_token& stop) {
  follow(stop, log_, {std::string(kClaimsTopic)},
         {.take = [this](const TailBatch& batch) { claims_->take(batch); },
          .note_contact = [this](const Status& answered) { note_contact(answered); },
          .after_poll = [this] { claims_->let_go_of_late(); }});
}

void ClaimsFollower::note_contact(const Status& answered) {
  claims_->note_contact(answered.has_value());
  if (std::exchange(answers_, answered.has_value()) == answered.has_value()) return;
  if (answered)
    log::info("claims follow the log again", {});
  else
    log::warn("claims do not follow the log now, what is known holds",
              {{"code", to_string(answered.error().code)}, {"detail", answered.error().detail}});
}

}  // namespace penstock
