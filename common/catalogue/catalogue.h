// Which topic an event goes to and what its record is keyed by, by its source and type: schemas/catalogue.json,
// built into the program.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/json/value.h"

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

struct TopicRoute {
  std::string topic;
  KeyRule key = KeyRule::event;
};

// Immutable; may be read from any thread.
class Catalogue {
 public:
  // The catalogue this program was built with.
  static const Catalogue& builtin();

  // Aborts when it is malformed: that is a bug of the build.
  explicit Catalogue(std::string_view json);

  // The route of an event type of that source ("stripe"); an exact name beats a pattern, the longest pattern
  // ("payout.*") beats a shorter one.
  const TopicRoute& route(std::string_view source, std::string_view type) const;

  // Every topic an event can be routed to, once, in the order of the catalogue; kUnroutedTopic is the last.
  const std::vector<std::string>& topics() const noexcept { return topics_; }
  // The pools of workers: each consumes the topic of its name.
  const std::vector<std::string>& pools() const noexcept { return topics_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct Pattern {
    std::string prefix;  // with the dot
    TopicRoute route;
  };
  struct Types {  // of one source
    std::unordered_map<std::string, TopicRoute, Hash, std::equal_to<>> exact;
    std::vector<Pattern> patterns;  // longest first
  };
  static void add(Types& known, json::Value names, const TopicRoute& route);

  std::unordered_map<std::string, Types, Hash, std::equal_to<>> sources_;
  TopicRoute unrouted_{std::string(kUnroutedTopic), KeyRule::event};
  std::vector<std::string> topics_;
};

}  // namespace penstock
