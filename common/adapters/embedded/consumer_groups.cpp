#include "common/adapters/embedded/consumer_groups.h"

#include <algorithm>

#include "common/core/check.h"

namespace penstock {

ConsumerGroups::ConsumerGroups(std::int32_t partitions_per_topic)
    : partitions_per_topic_(partitions_per_topic) {
  CHECK(partitions_per_topic > 0);
}

ConsumerGroups::MemberId ConsumerGroups::join(std::string group, std::vector<std::string> topics) {
  std::sort(topics.begin(), topics.end());
  topics.erase(std::unique(topics.begin(), topics.end()), topics.end());
  const MemberId member = next_member_++;
  members_[member] = {.group = group, .topics = std::move(topics), .assigned = {}, .generation = 0};
  rebalance(group);
  return member;
}

void ConsumerGroups::leave(MemberId member) {
  const std::string group = members_.at(member).group;
  members_.erase(member);
  rebalance(group);
}

const std::vector<TopicPartition>& ConsumerGroups::assigned(MemberId member) const {
  return members_.at(member).assigned;
}

std::uint64_t ConsumerGroups::generation(MemberId member) const { return members_.at(member).generation; }

int ConsumerGroups::members(const std::string& group) const {
  return static_cast<int>(std::count_if(members_.begin(), members_.end(),
                                        [&](const auto& entry) { return entry.second.group == group; }));
}

void ConsumerGroups::rebalance(const std::string& group) {
  for (auto& [id, member] : members_) {
    if (member.group != group) continue;
    std::vector<TopicPartition> share = share_of(id);
    if (share == member.assigned) continue;
    member.assigned = std::move(share);
    ++member.generation;
  }
}

std::vector<ConsumerGroups::MemberId> ConsumerGroups::members_of(const std::string& group,
                                                                 const std::string& topic) const {
  std::vector<MemberId> found;
  for (const auto& [id, member] : members_)
    if (member.group == group && std::binary_search(member.topics.begin(), member.topics.end(), topic))
      found.push_back(id);
  return found;
}

std::vector<TopicPartition> ConsumerGroups::share_of(MemberId member) const {
  std::vector<TopicPartition> share;
  const Member& self = members_.at(member);
  for (const std::string& topic : self.topics) {
    const std::vector<MemberId> dealt_to = members_of(self.group, topic);
    for (std::int32_t partition = 0; partition < partitions_per_topic_; ++partition)
      if (dealt_to[static_cast<std::size_t>(partition) % dealt_to.size()] == member)
        share.push_back({topic, Partition{partition}});
  }
  return share;
}

}  // namespace penstock
