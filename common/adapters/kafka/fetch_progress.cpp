#include "common/adapters/kafka/fetch_progress.h"

#include <algorithm>

namespace penstock::kafka {
namespace {

// With looks every five seconds: three minutes until it is refetched, and again as long until it joins anew.
constexpr int kDoublingsMax = 5;

}  // namespace

FetchProgress::Positions FetchProgress::look(const Positions& positions) {
  Positions unmoved;
  std::map<TopicPartition, Watched> watched;
  for (const auto& [partition, next] : positions) {
    const auto before = watched_.find(partition);
    if (before == watched_.end()) {
      watched[partition] = {.next = next};
    } else if (!next || next == before->second.next) {
      watched.insert(*before);
      unmoved[partition] = before->second.next;
    } else {
      watched[partition] = {.next = next};
      joined_in_vain_.erase(partition);
    }
  }
  watched_ = std::move(watched);
  return unmoved;
}

StallRemedies FetchProgress::advise(const std::vector<TopicPartition>& behind, bool may_join_anew) {
  StallRemedies remedies;
  for (auto& [partition, watched] : watched_) {
    if (std::find(behind.begin(), behind.end(), partition) == behind.end()) {
      watched.looks_behind = 0;
      continue;
    }
    ++watched.looks_behind;
    const int patience = patience_with(partition);
    if (watched.looks_behind == 1 + patience) remedies.refetch.push_back(partition);
    if (may_join_anew && watched.looks_behind > 2 * patience) remedies.join_anew.push_back(partition);
  }
  for (const TopicPartition& partition : remedies.join_anew) {
    int& times = joined_in_vain_[partition];
    times = std::min(times + 1, kDoublingsMax);
  }
  return remedies;
}

int FetchProgress::patience_with(const TopicPartition& partition) const {
  const auto times = joined_in_vain_.find(partition);
  return 1 << (times == joined_in_vain_.end() ? 0 : times->second);
}

}  // namespace penstock::kafka
