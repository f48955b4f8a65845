// Which partitions a consumer has stopped getting although they hold more. Pure: no clock, no I/O.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "common/ports/event_record.h"

namespace penstock::kafka {

// What to do about partitions that have stalled.
struct StallRemedies {
  std::vector<TopicPartition> refetch;    // fetch each of them again from where it stands
  std::vector<TopicPartition> join_anew;  // that did not help: the whole consumer is to join anew
};

// Is told at regular looks where each assigned partition stands. A look is taken only when all that the client
// had fetched when it fell due was handed over: then a partition that is behind at one look, and has not moved
// by the next, was not fetched between them, however slow the application is. It is refetched at that second
// look, and the consumer joins anew at the third. What did not help the last time is waited for twice as long
// the next.
class FetchProgress {
 public:
  // The next offset that would be handed over; nullopt where nothing was yet, since it was given or refetched.
  using Positions = std::map<TopicPartition, std::optional<Offset>>;

  // Takes a look. The partitions that have not moved since the one before, which are worth a question, with
  // where they were last known to stand.
  Positions look(const Positions& positions);

  // `behind` are those of the answer to look() that hold more. Without an answer from the cluster, do not call.
  // Where the consumer may not join anew now, that is put off.
  StallRemedies advise(const std::vector<TopicPartition>& behind, bool may_join_anew = true);

  // The next look is the first: partitions were dealt anew, or nothing was to be fetched.
  void begin_anew() { watched_.clear(); }

 private:
  struct Watched {
    std::optional<Offset> next;
    int looks_behind = 0;
  };

  int patience_with(const TopicPartition& partition) const;

  std::map<TopicPartition, Watched> watched_;
  std::map<TopicPartition, int> joined_in_vain_;  // since they last moved
};

}  // namespace penstock::kafka
