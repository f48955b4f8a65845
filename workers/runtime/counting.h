// Events without an id: each is known by its place in the log alone, so they are counted, not known one by
// one.
//
// The transaction that applies them also stores how far each partition has been counted (CountedOffset), in
// one row for all of them. Whatever is read again, after a crash between commit and offsets, a rebalance or a
// restore of the store, is passed over exactly as far as its effects are there. A worker that has lost its
// partitions meets a row that another has changed, which is a conflict, and then loads how far that one came.
// A batch's records of one partition are applied in their order, its halves too, and no batch before the one
// in front of it: so nothing that a mark has passed is missing.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "workers/domain/state/view.h"
#include "workers/runtime/incoming.h"

namespace penstock {

// Whether this one is. Its body must have been read.
bool is_counted(const Incoming& incoming) noexcept;

enum class Place {
  counted,  // before
  next,     // beyond everything that was
  anew,     // where something was counted that is older: this is another log, or one that has lost its end
};
Place place_of(const CountedOffset& mark, const StoredRecord& record) noexcept;

// The mark once the record, which was not counted before, is counted too.
void advance(CountedOffset& mark, const StoredRecord& record) noexcept;

// What is counted in one batch. Borrows its events, which must stay where they are.
class Counting {
 public:
  static void name_reads(const Incoming& incoming, Reads& reads);

  // The event's place, where it is counted from here on. The rows that name_reads() names must be loaded.
  Place pass(const View& view, const Incoming& incoming);

  // Keeps an impression to be decided about with the others of its ad.
  void add(const Incoming& incoming);
  // Those that were kept, of each ad in the order of the log; from here on none are.
  std::vector<ImpressionFacts> take_kept();

  // One for each partition: the mark as it is now. And what somebody should know of it.
  struct Marked {
    Effects effects;
    EventKey by;
  };
  std::vector<Marked> marks() const;

 private:
  struct Mark {
    CountedOffset row;
    const Incoming* last = nullptr;  // that was counted; none: the row is as it was
    const Incoming* first_anew = nullptr;
    std::int64_t offset_before = -1;  // that one
  };
  Mark& mark_of(const View& view, const Incoming& incoming);

  std::map<TopicPartition, Mark> marks_;
  std::vector<ImpressionFacts> kept_;
  std::unordered_map<std::string_view, std::size_t> kept_of_ad_;  // by the ad in the event's facts
};

}  // namespace penstock
