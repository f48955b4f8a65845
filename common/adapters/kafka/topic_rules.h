// What a topic is to be like, and in what an existing one falls short of it. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/adapters/kafka/options.h"

namespace penstock::kafka {

// Off: a replica that has fallen behind never becomes the leader, which would lose what was acknowledged.
inline constexpr std::string_view kUncleanElection = "unclean.leader.election.enable";

// A topic's settings by name, whoever set them; nullopt where the cluster does not tell.
using ConfigMap = std::map<std::string, std::string, std::less<>>;
using TopicConfigs = std::optional<ConfigMap>;

// A topic as the cluster tells it.
struct TopicShape {
  int partitions = 0;
  int replicas = 0;               // of the partition that has the fewest
  std::vector<int> in_sync = {};  // replicas of each partition; 0 where it has no leader
  int brokers = 0;                // of its cluster, those that answer
  TopicConfigs configs;
};

// A topic as it is meant to be.
struct TopicDemand {
  std::string name;  // with the prefix
  int partitions = 1;
  int replicas = 1;
  ConfigMap configs;
  bool retention_is_its_own = false;  // it follows from what the topic is for, and from no setting
};

// One thing in which a topic is weaker than meant. `what` is "partitions", "replicas" or a topic setting.
struct Weakness {
  std::string what;
  std::string is;
  std::string wanted;
  std::string_view asked_by;  // an operator's setting, or "Penstock"
};

// How many replicas a new topic gets.
int replicas_wanted(const KafkaOptions& options, int brokers);

// What the options ask of a topic that has so many replicas; `topic` is its short name. One that exists needs
// no more of them than the options name: what those leave open was decided when it was made.
TopicDemand demand_of(const KafkaOptions& options, const std::string& topic, int replicas);

// What they ask of each of these topics. Parking adds headers, so the topic of dead letters gets more room
// than any of the others has.
std::vector<TopicDemand> demands_of(const KafkaOptions& options, const std::vector<std::string>& topics,
                                    const std::vector<TopicShape>& shapes);

// What is stronger than meant is no weakness, and neither is what the cluster does not tell.
std::vector<Weakness> weaknesses(const TopicDemand& demand, const TopicShape& shape);

// The partitions that take no record now, for want of a leader or of replicas that keep up.
std::vector<Partition> refusing_partitions(const TopicShape& shape);

// "kafka topic penstock.payments: max.message.bytes is 1048576, PENSTOCK_MAX_BODY needs 4263936; …"
std::string to_text(const std::string& topic, const std::vector<Weakness>& found);

}  // namespace penstock::kafka
