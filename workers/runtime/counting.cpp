#include "workers/runtime/counting.h"

#include <algorithm>
#include <utility>

#include "workers/domain/outbound/outbound.h"

namespace penstock {
namespace {

const ImpressionFacts& impression_of(const Incoming& incoming) {
  return std::get<ImpressionFacts>(incoming.facts);
}

std::string mark_key(const Position& position) {
  return position.topic + "/" + std::to_string(position.partition.value);
}

AlertText begins_anew(const CountedOffset& row, const Incoming& first, std::int64_t offset_before) {
  const Position& at = first.record.position;
  return {"log_begins_anew", row.partition,
          "Partition " + std::to_string(at.partition.value) + " of topic " + at.topic +
              " was counted up to offset " + std::to_string(offset_before) + ", and now has at offset " +
              std::to_string(at.offset.value) +
              " what is younger than all of that: the topic was made anew, or has lost its end. It is "
              "counted from "
              "there on. What is no younger counts as known.",
          to_rfc3339(first.record.appended_at)};
}

}  // namespace

bool is_counted(const Incoming& incoming) noexcept {
  return !incoming.has_id && std::holds_alternative<ImpressionFacts>(incoming.facts);
}

Place place_of(const CountedOffset& mark, const StoredRecord& record) noexcept {
  const std::int64_t offset = record.position.offset.value, appended_ms = to_unix_ms(record.appended_at);
  if (offset <= mark.offset && appended_ms <= mark.appended_ms) return Place::counted;
  if (offset <= mark.past_offset && appended_ms <= mark.past_appended_ms) return Place::counted;
  return offset <= mark.offset ? Place::anew : Place::next;
}

void advance(CountedOffset& mark, const StoredRecord& record) noexcept {
  const std::int64_t offset = record.position.offset.value, appended_ms = to_unix_ms(record.appended_at);
  // Appenders' clocks disagree, so a later record may have an earlier time.
  if (offset > mark.offset) {
    mark.appended_ms = mark.offset < 0 ? appended_ms : std::max(mark.appended_ms, appended_ms);
  } else {
    mark.past_appended_ms =
        mark.past_offset < 0 ? mark.appended_ms : std::max(mark.past_appended_ms, mark.appended_ms);
    mark.past_offset = std::max(mark.past_offset, mark.offset);
    mark.appended_ms = appended_ms;
  }
  mark.offset = offset;
}

void Counting::name_reads(const Incoming& incoming, Reads& reads) {
  reads.want<CountedOffset>(mark_key(incoming.record.position));
}

Counting::Mark& Counting::mark_of(const View& view, const Incoming& incoming) {
  const Position& at = incoming.record.position;
  const auto [mark, fresh] = marks_.try_emplace({at.topic, at.partition});
  if (fresh) {
    const std::string key = mark_key(at);
    if (const CountedOffset* known = view.find<CountedOffset>(key)) mark->second.row = *known;
    mark->second.row.partition = key;
  }
  return mark->second;
}

Place Counting::pass(const View& view, const Incoming& incoming) {
  Mark& mark = mark_of(view, incoming);
  const Place place = place_of(mark.row, incoming.record);
  if (place == Place::counted) return place;
  if (place == Place::anew && mark.first_anew == nullptr) {
    mark.first_anew = &incoming;
    mark.offset_before = mark.row.offset;
  }
  advance(mark.row, incoming.record);
  mark.last = &incoming;
  return place;
}

void Counting::add(const Incoming& incoming) {
  const ImpressionFacts& facts = impression_of(incoming);
  const auto [place, fresh] = kept_of_ad_.try_emplace(facts.ad, kept_.size());
  if (fresh) return kept_.push_back(facts);
  auto& impressions = kept_[place->second].impressions;
  impressions.insert(impressions.end(), facts.impressions.begin(), facts.impressions.end());
}

std::vector<ImpressionFacts> Counting::take_kept() {
  kept_of_ad_.clear();
  return std::exchange(kept_, {});
}

std::vector<Counting::Marked> Counting::marks() const {
  std::vector<Marked> marks;
  for (const auto& [partition, mark] : marks_) {
    if (mark.last == nullptr) continue;
    Marked marked{{}, mark.last->key};
    marked.effects.put(mark.row);
    if (mark.first_anew != nullptr)
      raise_alert(marked.effects, begins_anew(mark.row, *mark.first_anew, mark.offset_before),
                  mark.first_anew->key);
    marks.push_back(std::move(marked));
  }
  return marks;
}

}  // namespace penstock
