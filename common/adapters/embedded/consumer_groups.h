// Who reads which partition, for logs whose consumers all live in this process. Pure
// bookkeeping: no locks, no I/O.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/ports/event_log.h"

namespace penstock {

// The partitions of a topic are dealt to the group's members in turn, the eldest first; so with one partition
// the eldest member has it and the others wait for it to leave.
class ConsumerGroups {
 public:
  using MemberId = std::uint64_t;

  explicit ConsumerGroups(std::int32_t partitions_per_topic);

  MemberId join(std::string group, std::vector<std::string> topics);
  void leave(MemberId member);

  // Sorted.
  const std::vector<TopicPartition>& assigned(MemberId member) const;
  // Changes when, and only when, assigned() changes.
  std::uint64_t generation(MemberId member) const;
  int members(const std::string& group) const;

 private:
  struct Member {
    std::string group;
    std::vector<std::string> topics;
    std::vector<TopicPartition> assigned;
    std::uint64_t generation = 0;
  };

  void rebalance(const std::string& group);
  std::vector<MemberId> members_of(const std::string& group, const std::string& topic) const;
  std::vector<TopicPartition> share_of(MemberId member) const;

  std::int32_t partitions_per_topic_;
  MemberId next_member_ = 1;
  std::map<MemberId, Member> members_;  // eldest first
};

}  // namespace penstock
