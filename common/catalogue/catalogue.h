// The types of events: which topic one that comes in goes to and what its record is keyed by, by its source and
// type, and what is sent out. schemas/catalogue.json, built into the program.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/core/describe.h"
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

BOOST_DEFINE_ENUM_CLASS(Direction, inbound, outbound)
BOOST_DEFINE_ENUM_CLASS(Maturity, GA, Beta)  // Beta: what it says may still change

// A type as operators read of it. A member that is not of its direction is nullopt.
struct EventType {
  std::string type;  // an inbound one may be a pattern: "payout.*"
  Direction direction = Direction::inbound;
  std::optional<std::string> source;       // of an inbound one
  std::optional<std::string> topic;        // likewise
  std::optional<std::string> category;     // of an outbound one
  std::optional<std::string> description;  // likewise: when it is sent, in a sentence
  // How often telling of it is tried again after the first attempt; none: as often as the schedule has delays.
  std::optional<std::int64_t> retries;
  std::string release;  // of Penstock, since which the type is there
  Maturity status = Maturity::GA;
};
BOOST_DESCRIBE_STRUCT(EventType, (),
                      (type, direction, source, topic, category, description, retries, release, status))

// Immutable; may be read from any thread.
class Catalogue {
 public:
  // The catalogue this program was built with.
  static const Catalogue& builtin();

  // Aborts when it is malformed: that is a bug of the build.
  explicit Catalogue(std::string_view json);

  // The route of an event type of that source ("stripe"); an exact name beats a pattern, the longest pattern
  // ("payout.*", "*") beats a shorter one.
  const TopicRoute& route(std::string_view source, std::string_view type) const;

  // Every topic an event can be routed to, once, in the order of the catalogue; kUnroutedTopic is the last.
  const std::vector<std::string>& topics() const noexcept { return topics_; }
  // The pools of workers: each consumes the topic of its name.
  const std::vector<std::string>& pools() const noexcept { return topics_; }

  // All types, those that come in first, in the order of the catalogue.
  const std::vector<EventType>& types() const noexcept { return types_; }
  // The type of that name that is sent out; nullptr: the catalogue has none.
  const EventType* outbound(std::string_view type) const noexcept;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct Pattern {
    std::string prefix;  // with the dot; empty: any type
    TopicRoute route;
  };
  struct Types {  // of one source
    std::unordered_map<std::string, TopicRoute, Hash, std::equal_to<>> exact;
    std::vector<Pattern> patterns;  // longest first
  };
  void add_inbound(json::Value line);
  void add_outbound(json::Value line);
  static void add(Types& known, const std::string& type, const TopicRoute& route);

  std::unordered_map<std::string, Types, Hash, std::equal_to<>> sources_;
  TopicRoute unrouted_{std::string(kUnroutedTopic), KeyRule::event};
  std::vector<std::string> topics_;
  std::vector<EventType> types_;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> outbound_;  // where in types_
};

}  // namespace penstock
