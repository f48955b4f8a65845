// Follows a compacted topic: what it has, then what is appended.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "common/ports/log_reader.h"

namespace penstock {

struct FollowOptions {
  std::string topic;
  Milliseconds poll_wait{200};
};

// Called on the thread that follows.
struct FollowHooks {
  std::function<void(const TailBatch&)> take;
  std::function<void(const Status&)> note_contact;  // did the log answer? Before what it says is taken
  std::function<void()> after_poll = {};            // likewise each time, whatever it answered
};

// Until `stop`: a log that does not answer is asked again, ever more seldom, from where the tail was. Blocks.
void follow(const std::stop_token& stop, LogReader& log, const FollowOptions& options,
            const FollowHooks& hooks);

// What the batches of a tail come to. What the topic tells anew takes the place of everything once all of it has been told, so
// that what was deleted meanwhile goes and nothing is missing while it is told.
template <class Change>
class Told {
 public:
  struct Update {
    bool whole;  // these are all that there is
    std::vector<Change> changes;
  };

  // `change_of(record)` makes a Change of each record. nullopt: nothing to change yet.
  template <class ChangeOf>
  std::optional<Update> take(const TailBatch& batch, ChangeOf&& change_of) {
    if (batch.anew) anew_.emplace();
    Update update{false, {}};
    for (const auto& record : batch.records) {
      if (anew_)
        anew_->insert_or_assign(record.key, change_of(record));
      else
        update.changes.push_back(change_of(record));
    }
    if (anew_ && batch.present) {
      update.whole = true;
      auto told = *std::exchange(anew_, std::nullopt);
      for (auto& [key, change] : told) update.changes.push_back(std::move(change));
    }
    return update.whole || !update.changes.empty() ? std::optional(std::move(update)) : std::nullopt;
  }

 private:
  std::optional<std::map<std::string, Change>> anew_;  // what has been told since the topic's start
};

}  // namespace penstock
