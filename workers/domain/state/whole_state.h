// The order of events that each carry an object's whole state (subscriptions, accounts).
//
// contract.md: the event with the greatest `created` wins, terminal states win over everything. Events of the
// newest second are all kept as contenders, and the winner is a pure function of that set: B follows A when B
// has previous attributes and each equals A's value of it; the end of the one chain that orders all
// contenders wins; where there is no such chain, the lifecycle decides (created < others < deleted), then the
// greatest event id. "The one chain" is strict: two events that follow each other (active -> past_due ->
// active in one second) leave two chains, so none.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "common/core/check.h"
#include "common/json/codec.h"
#include "workers/domain/event/event.h"

namespace penstock {

// The attributes of a JSON object as hashes of (path, canonical value), sorted by path. Nested
// objects are taken apart, arrays and empty objects are values. 16 bytes an attribute. Of
// anything but an object it is empty.
class AttributeDigest {
 public:
  AttributeDigest() = default;
  explicit AttributeDigest(json::Value object);

  bool empty() const noexcept { return pairs_.empty(); }
  // Whether each attribute here has the same value in `state`; null here also
  // equals one that is absent there.
  bool holds_in(const AttributeDigest& state) const noexcept;

  // Hexadecimal, for the row.
  std::string to_hex() const;
  static bool from_hex(std::string_view text, AttributeDigest& out);
  bool operator==(const AttributeDigest&) const = default;

 private:
  struct Pair {
    std::uint64_t path = 0;
    std::uint64_t value = 0;
    auto operator<=>(const Pair&) const = default;
  };
  void add_members(json::Value object, std::uint64_t path);

  std::vector<Pair> pairs_;
};

namespace json {
inline void encode(Writer& out, const AttributeDigest& value) { out.string(value.to_hex()); }
inline bool decode(Value in, AttributeDigest& out) {
  const auto text = in.string();
  return text && AttributeDigest::from_hex(*text, out);
}
}  // namespace json

template <class Snapshot>
struct Contender {
  std::string event;
  std::int64_t lifecycle = 1;  // 0 created, 1 others, 2 deleted
  Snapshot snapshot;
  AttributeDigest state;
  AttributeDigest previous;
  bool operator==(const Contender&) const = default;
  BOOST_DESCRIBE_CLASS(Contender, (), (event, lifecycle, snapshot, state, previous), (), ())
};

// As many contenders as are searched for a chain. When one second has more, only the greatest by lifecycle
// and event id is kept: rows and work stay bounded, and the outcome is still the same for every order.
inline constexpr std::size_t kContendersMax = 16;

// Index of the winner: one (lifecycle, event, state, previous) each, in any order. At least one.
struct ContenderView {
  std::string_view event;
  std::int64_t lifecycle;
  const AttributeDigest* state;
  const AttributeDigest* previous;
};
std::size_t pick_winner(const std::vector<ContenderView>& contenders);

template <class Snapshot>
struct WholeState {
  Timestamp created;
  bool terminal = false;
  bool crowded = false;                         // that second had more than kContendersMax
  std::vector<Contender<Snapshot>> contenders;  // of that second, sorted by event id

  // Merges one event in; order and repetition do not matter.
  void merge(Timestamp at, bool is_terminal, Contender<Snapshot> contender) {
    if (!contenders.empty()) {
      if (is_terminal != terminal ? terminal : at < created) return;
      if (is_terminal != terminal || at > created) *this = {};
    }
    created = at;
    terminal = is_terminal;
    const auto place =
        std::lower_bound(contenders.begin(), contenders.end(), contender.event,
                         [](const auto& known, const auto& event) { return known.event < event; });
    if (place != contenders.end() && place->event == contender.event) return;
    contenders.insert(place, std::move(contender));
    crowded = crowded || contenders.size() > kContendersMax;
    if (crowded) keep_greatest();
  }

  const Contender<Snapshot>& winner() const {
    CHECK(!contenders.empty());
    std::vector<ContenderView> views;
    views.reserve(contenders.size());
    for (const auto& each : contenders)
      views.push_back({each.event, each.lifecycle, &each.state, &each.previous});
    return contenders[pick_winner(views)];
  }
  bool operator==(const WholeState&) const = default;
  BOOST_DESCRIBE_CLASS(WholeState, (), (created, terminal, crowded, contenders), (), ())

 private:
  void keep_greatest() {
    std::iter_swap(contenders.begin(),
                   std::max_element(contenders.begin(), contenders.end(), [](const auto& a, const auto& b) {
                     return std::tie(a.lifecycle, a.event) < std::tie(b.lifecycle, b.event);
                   }));
    contenders.erase(contenders.begin() + 1, contenders.end());
  }
};

}  // namespace penstock
