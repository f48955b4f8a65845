#include "common/adapters/kafka/topic_rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "common/core/check.h"
#include "common/ports/log_admin.h"

namespace penstock::kafka {
namespace {

constexpr const char* kMaxMessage = "max.message.bytes";
constexpr const char* kRetention = "retention.ms";
constexpr const char* kRetentionBytes = "retention.bytes";
constexpr const char* kMinInsync = "min.insync.replicas";
constexpr const char* kCleanup = "cleanup.policy";
constexpr const char* kDeletionRetention = "delete.retention.ms";
constexpr const char* kSegment = "segment.ms";
constexpr const char* kUnlimited = "-1";
constexpr std::string_view kOurselves = "Penstock";  // asks for it, whatever is set

// What a batch of one record needs besides its key, value and headers: its frame, and the lengths of each.
constexpr int kFrameBytes = 4096;

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool is_as_many(std::string_view is, std::string_view wanted) { return number(is) >= number(wanted); }
bool is_as_long(std::string_view is, std::string_view wanted) {
  const auto length = [](std::string_view text) {
    return text == kUnlimited ? std::numeric_limits<std::int64_t>::max() : number(text);
  };
  return length(is) >= length(wanted);
}
bool is_as_short(std::string_view is, std::string_view wanted) { return number(is) <= number(wanted); }
bool is_same(std::string_view is, std::string_view wanted) { return is == wanted; }

// How each thing is compared, and what an operator has set to ask for it.
struct Rule {
  std::string_view what;
  std::string_view setting;
  bool (*strong_enough)(std::string_view is, std::string_view wanted);
};
constexpr std::array kRules = {
    Rule{"partitions", "PENSTOCK_KAFKA_PARTITIONS", is_as_many},
    Rule{"replicas", "PENSTOCK_KAFKA_REPLICATION", is_as_many},
    Rule{kMinInsync, "PENSTOCK_KAFKA_MIN_INSYNC", is_as_many},
    Rule{kRetention, "PENSTOCK_INBOX_RETENTION", is_as_long},  // unless the topic has one of its own
    Rule{kRetentionBytes, kOurselves, is_as_long},
    Rule{kMaxMessage, "PENSTOCK_MAX_BODY", is_as_many},
    Rule{kCleanup, kOurselves, is_same},
    Rule{kDeletionRetention, kOurselves, is_as_long},
    Rule{kSegment, kOurselves, is_as_short},
    Rule{kUncleanElection, kOurselves, is_same},
};

const Rule& rule_of(std::string_view what) {
  const auto* rule =
      std::find_if(kRules.begin(), kRules.end(), [&](const Rule& each) { return each.what == what; });
  CHECK(rule != kRules.end());
  return *rule;
}

// 0 when the cluster does not tell.
std::int64_t message_bytes_max(const TopicShape& shape) {
  if (!shape.configs) return 0;
  const auto size = shape.configs->find(kMaxMessage);
  return size == shape.configs->end() ? 0 : number(size->second);
}

void make_room(TopicDemand& demand, std::int64_t bytes) {
  std::string& wanted = demand.configs[kMaxMessage];
  wanted = std::to_string(std::max(number(wanted), bytes));
}

}  // namespace

int replicas_wanted(const KafkaOptions& options, int brokers) {
  const int wanted = options.replication_factor > 0 ? options.replication_factor : std::min(3, brokers);
  return std::max(wanted, options.min_insync);
}

TopicDemand demand_of(const KafkaOptions& options, const std::string& topic, int replicas) {
  TopicDemand demand;
  demand.name = options.topic_prefix + topic;
  demand.partitions = options.partitions;
  demand.replicas = std::max({1, options.replication_factor, options.min_insync});
  const int min_insync =
      options.min_insync > 0 ? std::min(options.min_insync, replicas) : std::max(1, replicas - 1);
  demand.configs[kMinInsync] = std::to_string(min_insync);
  demand.configs[kMaxMessage] = std::to_string(options.record_bytes_max + kFrameBytes);
  demand.configs[kCleanup] = is_compacted(topic) ? "compact" : "delete";
  if (topic == options.parked_topic)
    make_room(demand, options.record_bytes_max + kFrameBytes + options.dead_letter_bytes);
  demand.configs[std::string(kUncleanElection)] = "false";
  if (is_compacted(topic)) {
    demand.configs[kDeletionRetention] = std::to_string(kDeletionsKept.count());
  } else {
    const auto own = own_retention(topic);
    const bool is_kept_for_ever = topic == options.parked_topic;
    demand.retention_is_its_own = own || is_kept_for_ever;
    demand.configs[kRetention] =
        is_kept_for_ever ? kUnlimited : std::to_string(own.value_or(options.retention).count());
    demand.configs[kRetentionBytes] = kUnlimited;
  }
  // A segment is dropped as a whole, and not before it is full or as old as this.
  if (own_retention(topic)) demand.configs[kSegment] = std::to_string((*own_retention(topic) / 8).count());
  return demand;
}

std::vector<TopicDemand> demands_of(const KafkaOptions& options, const std::vector<std::string>& topics,
                                    const std::vector<TopicShape>& shapes) {
  CHECK(topics.size() == shapes.size());
  std::vector<TopicDemand> demands;
  std::int64_t largest = 0;
  for (std::size_t i = 0; i < topics.size(); ++i) {
    demands.push_back(demand_of(options, topics[i], shapes[i].replicas));
    // Keys would move, and leave what they last had behind in the partition where nothing replaces it; or their
    // records would have no order any more.
    if (is_compacted(topics[i]) || own_retention(topics[i])) demands[i].partitions = shapes[i].partitions;
    if (topics[i] != options.parked_topic) largest = std::max(largest, message_bytes_max(shapes[i]));
  }
  for (std::size_t i = 0; i < topics.size(); ++i)
    if (topics[i] == options.parked_topic) make_room(demands[i], largest + options.dead_letter_bytes);
  return demands;
}

std::vector<Weakness> weaknesses(const TopicDemand& demand, const TopicShape& shape) {
  std::vector<Weakness> found;
  const auto compare = [&](std::string_view what, const std::string& is, const std::string& wanted) {
    const Rule& rule = rule_of(what);
    if (rule.strong_enough(is, wanted)) return;
    const bool is_its_own = what == kRetention && demand.retention_is_its_own;
    found.push_back({std::string(what), is, wanted, is_its_own ? kOurselves : rule.setting});
  };
  compare("partitions", std::to_string(shape.partitions), std::to_string(demand.partitions));
  compare("replicas", std::to_string(shape.replicas), std::to_string(demand.replicas));
  if (!shape.configs) return found;
  for (const auto& [name, wanted] : demand.configs) {
    const auto is = shape.configs->find(name);
    if (is != shape.configs->end()) compare(name, is->second, wanted);
  }
  return found;
}

std::vector<Partition> refusing_partitions(const TopicShape& shape) {
  std::int64_t needed = 1;
  // A broker asks for no more than there are.
  if (shape.configs)
    if (const auto found = shape.configs->find(kMinInsync); found != shape.configs->end())
      needed = std::max(needed, std::min<std::int64_t>(number(found->second), shape.replicas));
  std::vector<Partition> refusing;
  for (std::size_t partition = 0; partition < shape.in_sync.size(); ++partition)
    if (shape.in_sync[partition] < needed) refusing.push_back({static_cast<std::int32_t>(partition)});
  return refusing;
}

std::string to_text(const std::string& topic, const std::vector<Weakness>& found) {
  std::string text = "kafka topic " + topic + ": ";
  for (const Weakness& weakness : found) {
    if (&weakness != &found.front()) text += "; ";
    text += weakness.what + " is " + weakness.is + ", " + std::string(weakness.asked_by) + " needs " +
            weakness.wanted;
  }
  return text;
}

}  // namespace penstock::kafka
