// The topics of the Kafka log: made as the options say, and checked against them.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "common/adapters/kafka/admin.h"
#include "common/adapters/kafka/options.h"
#include "common/adapters/kafka/topic_rules.h"

namespace penstock::kafka {

// Asks through whichever client it is given. All methods may be called from any thread. Topics are named
// without the prefix.
class Topics {
 public:
  explicit Topics(KafkaOptions options) : options_(std::move(options)) {}

  // As EventLog::create_topics(). What others have set on a topic is kept. Once it returns, every partition has
  // a leader that serves it. Blocks for a few call deadlines at most.
  Status create(rd_kafka_t* client, const std::vector<std::string>& topics) const;

  // As EventLog::ready(); fetches what the first append to each topic would wait for. The configuration is
  // asked for now and then only, and a cluster that does not tell it is trusted, with a warning. The first time
  // the topics and their configuration may each take the call deadline. Partitions that take no record, for want
  // of a leader or of replicas in sync, are logged when they change. Errors: wrong_schema (no such topic, or a
  // weak one), unavailable (none of the partitions takes a record), timeout.
  Status ready(rd_kafka_t* client, const std::vector<std::string>& topics, Milliseconds deadline);

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // Of the topics, without their configs. Errors: wrong_schema, naming the first that is missing.
  Result<std::vector<TopicShape>> look_at(rd_kafka_t* client, const std::vector<std::string>& topics,
                                          SteadyTime until) const;
  std::vector<std::string> full_names(const std::vector<std::string>& topics) const;

  // Of create().
  struct Gap {
    TopicDemand demand;
    std::vector<Weakness> found;
  };
  Status make_missing(rd_kafka_t* client, const std::vector<std::string>& topics) const;
  Status strengthen(rd_kafka_t* client, const std::vector<std::string>& topics) const;
  Status await_leaders(rd_kafka_t* client, const std::vector<std::string>& topics) const;
  Result<std::vector<Gap>> gaps(rd_kafka_t* client, const std::vector<std::string>& topics,
                                SteadyTime until) const;
  Status close_gap(rd_kafka_t* client, const Gap& gap) const;

  // Of ready().
  Result<std::vector<TopicConfigs>> known_configs(rd_kafka_t* client, const std::vector<std::string>& topics,
                                                  SteadyTime until);
  void forget_configs();
  Status check_partitions(const std::vector<std::string>& topics, const std::vector<TopicShape>& shapes);
  void note_refusing(const std::string& names);
  void warn_of_few_replicas(const std::string& name, const TopicShape& shape);

  const KafkaOptions options_;

  std::atomic<bool> asked_ = false;
  std::mutex mutex_;  // of what follows
  std::vector<std::string> known_topics_;
  std::vector<TopicConfigs> known_;  // in the order of known_topics_
  SteadyTime ask_again_at_;
  std::string refusing_;  // partitions, as logged last
  bool warned_of_configs_ = false;
  bool warned_of_replicas_ = false;
};

}  // namespace penstock::kafka
