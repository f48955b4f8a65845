#include "common/ports/event_log.h"

#include <algorithm>
#include <charconv>

#include "common/observe/log.h"

namespace penstock {
namespace {

template <class Number>
bool parse_whole(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && number >= 0;
}

}  // namespace

std::string to_text(const Position& position) {
  return position.topic + "/" + std::to_string(position.partition.value) + "/" +
         std::to_string(position.offset.value);
}

std::optional<Position> parse_position(std::string_view text) {
  const auto offset = text.rfind('/');
  if (offset == std::string_view::npos || offset == 0) return std::nullopt;
  const auto partition = text.rfind('/', offset - 1);
  if (partition == std::string_view::npos || partition == 0) return std::nullopt;
  Position position{std::string(text.substr(0, partition)), {}, {}};
  if (!parse_whole(text.substr(partition + 1, offset - partition - 1), position.partition.value) ||
      !parse_whole(text.substr(offset + 1), position.offset.value))
    return std::nullopt;
  return position;
}

std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) noexcept {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return std::nullopt;
}

bool is_compacted(std::string_view topic) noexcept { return topic == "settings" || topic == "waits"; }

std::optional<Milliseconds> own_retention(std::string_view topic) noexcept {
  return topic == kClaimsTopic ? std::optional(kClaimsKept) : std::nullopt;
}

Status check_range(const ScanRange& range) {
  const auto invalid = [](std::string why) { return Error{ErrorCode::invalid, "scan: " + std::move(why)}; };
  if (range.partition.value < 0) return invalid("the partition is negative");
  if (range.from.value < 0) return invalid("the first offset is negative");
  if (range.to && *range.to < range.from) return invalid("the range of offsets ends before it begins");
  if (range.since && range.until && *range.until < *range.since)
    return invalid("the range of time ends before it begins");
  return ok();
}

bool is_within_times(const ScanRange& range, Timestamp appended_at) noexcept {
  return (!range.since || appended_at >= *range.since) && (!range.until || appended_at < *range.until);
}

void log_partitions(std::string_view message, std::string_view group,
                    std::vector<TopicPartition> partitions) {
  std::sort(partitions.begin(), partitions.end());
  for (auto next = partitions.begin(); next != partitions.end();) {
    const std::string topic = next->topic;
    std::string numbers;
    for (; next != partitions.end() && next->topic == topic; ++next)
      numbers += (numbers.empty() ? "" : ",") + std::to_string(next->partition.value);
    log::info(message, {{"group", group}, {"topic", topic}, {"partitions", numbers}});
  }
}

}  // namespace penstock
