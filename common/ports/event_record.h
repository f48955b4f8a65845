// What stands in the log, and where.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/core/ids.h"
#include "common/core/time.h"

namespace penstock {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The first header of that name; nullopt when there is none.
std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) noexcept;

// What is appended. `topic` is the short name of design.md §3 ("payments"); the adapter adds the prefix.
// Records of one topic with equal keys keep their order.
struct Record {
  std::string topic;
  std::string key;
  std::string value;  // the raw bytes as received
  Headers headers;
  bool deletion = false;  // no value at all: in a compacted topic, whatever its key had is gone
};

struct Position {
  std::string topic;
  Partition partition;
  Offset offset;
  auto operator<=>(const Position&) const = default;
};

// "topic/partition/offset", and back; nullopt for anything else.
std::string to_text(const Position& position);
std::optional<Position> parse_position(std::string_view text);

struct TopicPartition {
  std::string topic;
  Partition partition;
  auto operator<=>(const TopicPartition&) const = default;
};

struct StoredRecord {
  Position position;
  Timestamp appended_at;
  std::string key;
  std::string value;
  Headers headers;
  bool deletion = false;
};

}  // namespace penstock
