#include "common/adapters/kafka/topics.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "common/adapters/kafka/records.h"
#include "common/observe/log.h"

namespace penstock::kafka {
namespace {

using SteadyClock = std::chrono::steady_clock;
using SteadyTime = SteadyClock::time_point;
using Names = std::vector<std::string>;

constexpr Milliseconds kLookAgainAfter{50};
constexpr Milliseconds kAskAgainAfter{5'000};  // for a configuration that was not told

Milliseconds left_until(SteadyTime until) {
  return std::max(Milliseconds{1}, std::chrono::ceil<Milliseconds>(until - SteadyClock::now()));
}

Error no_such_topic(const std::string& name) {
  return {ErrorCode::wrong_schema, "kafka has no topic " + name};
}

struct Look {
  std::optional<TopicShape> shape;  // nullopt: there is no such topic
  int brokers = 0;
};

TopicShape shape_of(const rd_kafka_metadata_topic& topic, int brokers) {
  TopicShape shape{.partitions = topic.partition_cnt,
                   .replicas = topic.partition_cnt == 0 ? 0 : std::numeric_limits<int>::max(),
                   .in_sync = {},
                   .brokers = brokers,
                   .configs = {}};
  for (int i = 0; i < topic.partition_cnt; ++i) {
    const rd_kafka_metadata_partition& partition = topic.partitions[i];
    shape.replicas = std::min(shape.replicas, partition.replica_cnt);
    shape.in_sync.push_back(partition.leader < 0 ? 0 : partition.isr_cnt);
  }
  return shape;
}

// A topic without its configs.
Result<Look> look_at_one(rd_kafka_t* client, const std::string& name, SteadyTime until) {
  TRY(const Metadata metadata, fetch_metadata(client, name, left_until(until)));
  const rd_kafka_metadata_topic& topic = metadata->topics[0];
  Look look{.shape = {}, .brokers = metadata->broker_cnt};
  if (topic.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return look;
  if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(topic.err, "kafka topic " + name);
  look.shape = shape_of(topic, metadata->broker_cnt);
  return look;
}

// The cluster answers, and will not tell: asking again cannot help.
bool is_reticent(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION || code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE ||
         code == RD_KAFKA_RESP_ERR_INVALID_REQUEST;
}

struct ConfigEntry {
  std::string name;
  std::string value;
  bool set_on_topic = false;
};
struct ConfigAnswer {
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::vector<ConfigEntry> entries;
};

ConfigAnswer read_resource(const rd_kafka_ConfigResource_t* resource) {
  ConfigAnswer answer{.error = rd_kafka_ConfigResource_error(resource), .entries = {}};
  std::size_t count = 0;
  const auto* const* entries = rd_kafka_ConfigResource_configs(resource, &count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    if (value == nullptr) continue;
    const bool set_on_topic =
        rd_kafka_ConfigEntry_source(entries[i]) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG;
    answer.entries.push_back({rd_kafka_ConfigEntry_name(entries[i]), value, set_on_topic});
  }
  return answer;
}

ConfigResource topic_resource(const std::string& name) {
  return ConfigResource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name.c_str()));
}

// One answer for each, in order.
Result<std::vector<ConfigAnswer>> describe_configs(rd_kafka_t* client, const Names& names,
                                                   Milliseconds deadline) {
  std::vector<ConfigResource> wanted;
  std::vector<rd_kafka_ConfigResource_t*> handles;
  for (const std::string& name : names) {
    wanted.push_back(topic_resource(name));
    handles.push_back(wanted.back().get());
  }
  const AdminOptions options = admin_options(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, deadline);
  const Queue answers(rd_kafka_queue_new(client));
  rd_kafka_DescribeConfigs(client, handles.data(), handles.size(), options.get(), answers.get());
  const Event event(rd_kafka_queue_poll(answers.get(), static_cast<int>(deadline.count())));
  if (!event) return error_of(RD_KAFKA_RESP_ERR__TIMED_OUT, "kafka topic configuration");
  const auto failed = rd_kafka_event_error(event.get());
  if (is_reticent(failed)) return std::vector<ConfigAnswer>(names.size(), ConfigAnswer{failed, {}});
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return error_of(failed, "kafka topic configuration");
  std::vector<ConfigAnswer> described(names.size());
  std::size_t count = 0;
  const auto* const* resources =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto name = std::find(names.begin(), names.end(), rd_kafka_ConfigResource_name(resources[i]));
    if (name != names.end())
      described[static_cast<std::size_t>(name - names.begin())] = read_resource(resources[i]);
  }
  return described;
}

// Nullopt when the cluster will not tell.
Result<TopicConfigs> to_configs(const ConfigAnswer& answer, const std::string& name) {
  if (is_reticent(answer.error)) return TopicConfigs{};
  if (answer.error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return no_such_topic(name);
  if (answer.error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return error_of(answer.error, "kafka topic configuration of " + name);
  ConfigMap configs;
  for (const ConfigEntry& entry : answer.entries) configs[entry.name] = entry.value;
  return TopicConfigs(std::move(configs));
}

Result<std::vector<TopicConfigs>> configs_of(rd_kafka_t* client, const Names& names, Milliseconds deadline) {
  TRY(const auto answers, describe_configs(client, names, deadline));
  std::vector<TopicConfigs> configs;
  for (std::size_t i = 0; i < names.size(); ++i) {
    TRY(TopicConfigs each, to_configs(answers[i], names[i]));
    configs.push_back(std::move(each));
  }
  return configs;
}

bool is_alterable(const Weakness& weakness) { return weakness.what != "replicas"; }
bool is_setting(const Weakness& weakness) { return is_alterable(weakness) && weakness.what != "partitions"; }

// The old request replaces everything that is set on the topic, so what is there goes with it.
Status alter_configs(rd_kafka_t* client, const std::string& name, const std::vector<Weakness>& found,
                     Milliseconds deadline) {
  TRY(const auto before, describe_configs(client, {name}, deadline));
  if (before[0].error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return error_of(before[0].error, "kafka topic configuration of " + name);
  ConfigMap configs;
  for (const ConfigEntry& entry : before[0].entries)
    if (entry.set_on_topic) configs[entry.name] = entry.value;
  for (const Weakness& weakness : found) {
    if (!is_setting(weakness)) continue;
    configs[weakness.what] = weakness.wanted;
    log::info("topic is altered",
              {{"topic", name}, {"setting", weakness.what}, {"from", weakness.is}, {"to", weakness.wanted}});
  }
  const ConfigResource resource = topic_resource(name);
  for (const auto& [setting, value] : configs)
    rd_kafka_ConfigResource_set_config(resource.get(), setting.c_str(), value.c_str());
  const AdminOptions options = admin_options(client, RD_KAFKA_ADMIN_OP_ALTERCONFIGS, deadline);
  const Queue answers(rd_kafka_queue_new(client));
  rd_kafka_ConfigResource_t* handle = resource.get();
  rd_kafka_AlterConfigs(client, &handle, 1, options.get(), answers.get());
  const std::string doing = "kafka alter topic " + name;
  TRY(const Event answer, await_admin(answers, deadline, doing));
  std::size_t count = 0;
  const auto* const* altered =
      rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(answer.get()), &count);
  for (std::size_t i = 0; i < count; ++i)
    if (const auto code = rd_kafka_ConfigResource_error(altered[i]); code != RD_KAFKA_RESP_ERR_NO_ERROR)
      return error_of(code, doing);
  return ok();
}

Status add_partitions(rd_kafka_t* client, const TopicDemand& demand, Milliseconds deadline) {
  const std::string doing = "kafka add partitions to topic " + demand.name;
  std::array<char, 512> why{};
  const NewPartitions more(rd_kafka_NewPartitions_new(
      demand.name.c_str(), static_cast<std::size_t>(demand.partitions), why.data(), why.size()));
  if (!more) return Error{ErrorCode::invalid, doing + ": " + why.data()};
  const AdminOptions options = admin_options(client, RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, deadline);
  const Queue answers(rd_kafka_queue_new(client));
  rd_kafka_NewPartitions_t* handle = more.get();
  rd_kafka_CreatePartitions(client, &handle, 1, options.get(), answers.get());
  TRY(const Event answer, await_admin(answers, deadline, doing));
  std::size_t count = 0;
  const auto* const* made =
      rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(answer.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = rd_kafka_topic_result_error(made[i]);
    // Another one was first: the next look tells how many there are.
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_INVALID_PARTITIONS)
      return error_of(code, doing);
  }
  log::info("topic has more partitions", {{"topic", demand.name}, {"partitions", demand.partitions}});
  return ok();
}

Result<NewTopic> describe_new(const TopicDemand& demand) {
  std::array<char, 512> why{};
  NewTopic fresh(
      rd_kafka_NewTopic_new(demand.name.c_str(), demand.partitions, demand.replicas, why.data(), why.size()));
  if (!fresh) return Error{ErrorCode::invalid, "kafka topic " + demand.name + ": " + why.data()};
  // Clusters that are run by others may refuse to be told about elections, and have the unclean ones off. Where
  // they are on, the topic is altered as soon as it is there.
  for (const auto& [name, value] : demand.configs)
    if (name != kUncleanElection) rd_kafka_NewTopic_set_config(fresh.get(), name.c_str(), value.c_str());
  return fresh;
}

Status create_topics(rd_kafka_t* client, const std::vector<TopicDemand>& demands, Milliseconds deadline) {
  std::vector<NewTopic> described;
  std::vector<rd_kafka_NewTopic_t*> wanted;
  for (const TopicDemand& demand : demands) {
    TRY(NewTopic fresh, describe_new(demand));
    wanted.push_back(fresh.get());
    described.push_back(std::move(fresh));
  }
  const AdminOptions options = admin_options(client, RD_KAFKA_ADMIN_OP_CREATETOPICS, deadline);
  const Queue answers(rd_kafka_queue_new(client));
  rd_kafka_CreateTopics(client, wanted.data(), wanted.size(), options.get(), answers.get());
  TRY(const Event answer, await_admin(answers, deadline, "kafka create topics"));
  std::size_t count = 0;
  const auto* const* made =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = rd_kafka_topic_result_error(made[i]);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
      return error_of(code, std::string("kafka create topic ") + rd_kafka_topic_result_name(made[i]));
  }
  return ok();
}

// Nothing can be said of a partition before it has one.
Status check_leaders(const Names& names, const std::vector<TopicShape>& shapes) {
  for (std::size_t i = 0; i < names.size(); ++i)
    for (const int in_sync : shapes[i].in_sync)
      if (in_sync == 0)
        return Error{ErrorCode::unavailable, "a partition of kafka topic " + names[i] + " has no leader"};
  return ok();
}

Error cannot_alter(const std::string& topic, const std::vector<Weakness>& found) {
  if (std::any_of(found.begin(), found.end(), is_alterable))
    return {ErrorCode::timeout, to_text(topic, found) + ", and stays so although it was altered"};
  return {ErrorCode::invalid,
          to_text(topic, found) + ": replicas cannot be added here, run kafka-reassign-partitions"};
}

}  // namespace

Status Topics::create(rd_kafka_t* client, const std::vector<std::string>& topics) const {
  TRY_STATUS(make_missing(client, topics));
  TRY_STATUS(strengthen(client, topics));
  return await_leaders(client, topics);
}

Status Topics::make_missing(rd_kafka_t* client, const std::vector<std::string>& topics) const {
  const auto until = SteadyClock::now() + options_.call_deadline;
  std::vector<TopicDemand> missing;
  for (const std::string& topic : topics) {
    TRY(const Look look, look_at_one(client, options_.topic_prefix + topic, until));
    if (look.shape) continue;
    const int replicas = replicas_wanted(options_, look.brokers);
    missing.push_back(demand_of(options_, topic, replicas));
    missing.back().replicas = replicas;
  }
  if (missing.empty()) return ok();
  return create_topics(client, missing, options_.call_deadline);
}

// A topic that was just made has leaders that do not take records yet.
Status Topics::await_leaders(rd_kafka_t* client, const std::vector<std::string>& topics) const {
  TRY(const auto shapes, look_at(client, topics, SteadyClock::now() + options_.call_deadline));
  const Names names = full_names(topics);
  TRY_STATUS(check_leaders(names, shapes));
  const Partitions all(rd_kafka_topic_partition_list_new(0));
  for (std::size_t i = 0; i < names.size(); ++i)
    rd_kafka_topic_partition_list_add_range(all.get(), names[i].c_str(), 0, shapes[i].partitions - 1);
  return fill_with_edges(client, *all, Edge::end, options_.call_deadline);
}

// What was just made or altered takes a moment to be known to every broker, so the topics are looked at until
// they are as they should be; each is altered once.
Status Topics::strengthen(rd_kafka_t* client, const std::vector<std::string>& topics) const {
  const auto until = SteadyClock::now() + 2 * options_.call_deadline;
  std::set<std::string> altered;
  while (true) {
    const auto found = gaps(client, topics, until);
    if (!found && (found.error().code != ErrorCode::wrong_schema || SteadyClock::now() >= until))
      return found.error();
    if (found && found.value().empty()) return ok();
    bool alterable = !found;
    for (const Gap& gap : found ? found.value() : std::vector<Gap>{}) {
      if (altered.insert(gap.demand.name).second) {
        TRY_STATUS(close_gap(client, gap));
      }
      alterable = alterable || std::any_of(gap.found.begin(), gap.found.end(), is_alterable);
    }
    if (!alterable || SteadyClock::now() >= until)
      return cannot_alter(found.value().front().demand.name, found.value().front().found);
    std::this_thread::sleep_for(kLookAgainAfter);
  }
}

Result<std::vector<Topics::Gap>> Topics::gaps(rd_kafka_t* client, const std::vector<std::string>& topics,
                                              SteadyTime until) const {
  TRY(auto shapes, look_at(client, topics, until));
  TRY_STATUS(check_leaders(full_names(topics), shapes));
  TRY(const auto configs, configs_of(client, full_names(topics), left_until(until)));
  for (std::size_t i = 0; i < topics.size(); ++i) {
    shapes[i].configs = configs[i];
    if (!configs[i])
      return Error{ErrorCode::unavailable, "kafka does not tell the configuration of topic " +
                                               options_.topic_prefix + topics[i] +
                                               ": this user needs the right to describe and alter it"};
  }
  auto demands = demands_of(options_, topics, shapes);
  std::vector<Gap> gaps;
  for (std::size_t i = 0; i < topics.size(); ++i) {
    demands[i].replicas = replicas_wanted(options_, shapes[i].brokers);
    if (auto found = weaknesses(demands[i], shapes[i]); !found.empty())
      gaps.push_back({std::move(demands[i]), std::move(found)});
  }
  return gaps;
}

Status Topics::close_gap(rd_kafka_t* client, const Gap& gap) const {
  const auto has = [&](auto&& is) { return std::any_of(gap.found.begin(), gap.found.end(), is); };
  if (has(is_setting)) {
    TRY_STATUS(alter_configs(client, gap.demand.name, gap.found, options_.call_deadline));
  }
  if (has([](const Weakness& weakness) { return weakness.what == "partitions"; })) {
    TRY_STATUS(add_partitions(client, gap.demand, options_.call_deadline));
  }
  return ok();
}

// The first answer decides whether a program starts, so it is worth waiting for.
Status Topics::ready(rd_kafka_t* client, const std::vector<std::string>& topics, Milliseconds deadline) {
  const bool first = !asked_.exchange(true);
  const auto until = SteadyClock::now() + (first ? std::max(deadline, options_.call_deadline) : deadline);
  TRY(auto shapes, look_at(client, topics, until));
  TRY(const auto configs, known_configs(client, topics, until));
  for (std::size_t i = 0; i < topics.size(); ++i) shapes[i].configs = configs[i];
  const auto demands = demands_of(options_, topics, shapes);
  for (std::size_t i = 0; i < topics.size(); ++i) {
    if (const auto found = weaknesses(demands[i], shapes[i]); !found.empty()) {
      forget_configs();  // as soon as someone mends it, it is to be seen
      return Error{ErrorCode::wrong_schema,
                   to_text(demands[i].name, found) + ": run: penstock-admin migrate"};
    }
    warn_of_few_replicas(demands[i].name, shapes[i]);
  }
  return check_partitions(topics, shapes);
}

// What some partitions refuse costs the events of these alone.
Status Topics::check_partitions(const std::vector<std::string>& topics,
                                const std::vector<TopicShape>& shapes) {
  std::size_t partitions = 0;
  std::vector<TopicPartition> refusing;
  for (std::size_t i = 0; i < topics.size(); ++i) {
    partitions += shapes[i].in_sync.size();
    for (const Partition partition : refusing_partitions(shapes[i]))
      refusing.push_back({topics[i], partition});
  }
  const std::string names = some_of(refusing);
  note_refusing(names);
  if (partitions == 0 || refusing.size() < partitions) return ok();
  return Error{ErrorCode::unavailable,
               "no partition takes a record, for want of a leader or of replicas in sync: " + names};
}

void Topics::note_refusing(const std::string& names) {
  const std::scoped_lock lock(mutex_);
  if (names == refusing_) return;
  if (names.empty())
    log::info("kafka partitions take records again", {{"partitions", refusing_}});
  else
    log::warn("kafka partitions take no records", {{"partitions", names}});
  refusing_ = names;
}

Result<std::vector<TopicShape>> Topics::look_at(rd_kafka_t* client, const std::vector<std::string>& topics,
                                                SteadyTime until) const {
  std::vector<TopicShape> shapes;
  for (const std::string& name : full_names(topics)) {
    TRY(Look look, look_at_one(client, name, until));
    if (!look.shape) return no_such_topic(name);
    shapes.push_back(*std::move(look.shape));
  }
  return shapes;
}

std::vector<std::string> Topics::full_names(const std::vector<std::string>& topics) const {
  std::vector<std::string> names;
  for (const std::string& topic : topics) names.push_back(options_.topic_prefix + topic);
  return names;
}

// What the cluster does not tell, now or ever, keeps nobody from appending.
Result<std::vector<TopicConfigs>> Topics::known_configs(rd_kafka_t* client,
                                                        const std::vector<std::string>& topics,
                                                        SteadyTime until) {
  std::unique_lock lock(mutex_);
  const bool first = known_topics_ != topics;
  if (!first && SteadyClock::now() < ask_again_at_) return known_;
  lock.unlock();
  const auto asked =
      configs_of(client, full_names(topics), first ? options_.call_deadline : left_until(until));
  if (!asked && asked.error().code == ErrorCode::wrong_schema) return asked.error();
  lock.lock();
  if (first) known_.assign(topics.size(), TopicConfigs{});
  known_topics_ = topics;
  if (asked) known_ = asked.value();
  ask_again_at_ = SteadyClock::now() +
                  (asked ? options_.configs_age_max : std::min(options_.configs_age_max, kAskAgainAfter));
  const bool told =
      std::all_of(known_.begin(), known_.end(), [](const auto& each) { return each.has_value(); });
  if (!told && !std::exchange(warned_of_configs_, true))
    log::warn("kafka does not tell the configuration of our topics, which are trusted to be right",
              {{"detail", asked ? "no right to describe them" : asked.error().detail}});
  return known_;
}

void Topics::forget_configs() {
  const std::scoped_lock lock(mutex_);
  ask_again_at_ = {};
}

// An operator who names a number of replicas is refused fewer; without one a topic that others made may have
// fewer than a new one would.
void Topics::warn_of_few_replicas(const std::string& name, const TopicShape& shape) {
  const int wanted = replicas_wanted(options_, shape.brokers);
  if (shape.replicas >= wanted) return;
  const std::scoped_lock lock(mutex_);
  if (std::exchange(warned_of_replicas_, true)) return;
  log::warn("kafka topic has few replicas",
            {{"topic", name}, {"replicas", shape.replicas}, {"a new topic would have", wanted}});
}

}  // namespace penstock::kafka
