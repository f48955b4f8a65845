// Which topic an event type goes to and what its record is keyed by: schemas/catalogue.json, built into the
// program.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace penstock {

// Verified events whose type no line of the catalogue names are kept here.
inline constexpr std::string_view kUnroutedTopic = "unrouted";
// Dead letters of all pools.
inline constexpr std::string_view kParkedTopic = "parked";

// What a record is keyed by, so that events about one thing keep their order within a partition.
enum class KeyRule {
  payment,       // the payment intent, else the charge, else the object itself
  subscription,  // the subscription, else the object itself
  object,        // the object itself
  event,         // the event id
};

struct Route {
  std::string topic;
  KeyRule key = KeyRule::event;
};

// Immutable; may be read from any thread.
class Catalogue {
 public:
  // The catalogue this program was built with. Aborts when it is malformed: that is a bug of the build.
  static const Catalogue& builtin();

  // The route of an event type; an exact name beats a pattern, the longest pattern ("payout.*") beats a
  // shorter one.
  const Route& route(std::string_view type) const;

  // Every topic an event can be routed to, kUnroutedTopic included, sorted.
  const std::vector<std::string>& topics() const noexcept { return topics_; }
  // The pools of workers: each consumes the topic of its name.
  const std::vector<std::string>& pools() const noexcept { return topics_; }

 private:
  explicit Catalogue(std::string_view json);

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct Pattern {
    std::string prefix;  // with the dot
    Route route;
  };
  std::unordered_map<std::string, Route, Hash, std::equal_to<>> exact_;
  std::vector<Pattern> patterns_;  // longest first
  Route unrouted_{std::string(kUnroutedTopic), KeyRule::event};
  std::vector<std::string> topics_;
};

}  // namespace penstock
