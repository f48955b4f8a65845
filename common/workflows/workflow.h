// A workflow: which events of an org start a run of it, and the steps that a run goes through.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/describe.h"
#include "common/json/value.h"
#include "common/json/writer.h"

namespace penstock {

// Tells the org's receivers an event of that type.
struct EmitStep {
  std::string type;
  bool operator==(const EmitStep&) const = default;
};
BOOST_DESCRIBE_STRUCT(EmitStep, (), (type))

// Waits for an event of that type in which the pointer `match` (RFC 6901) leads to the same value as in the event that
// started the run.
struct WaitStep {
  std::string event_type;
  std::string match;
  std::int64_t timeout_s = 0;
  bool operator==(const WaitStep&) const = default;
};
BOOST_DESCRIBE_STRUCT(WaitStep, (), (event_type, match, timeout_s))

// Exactly one of them.
struct Step {
  std::optional<EmitStep> emit;
  std::optional<WaitStep> wait;
  bool operator==(const Step&) const = default;
};
BOOST_DESCRIBE_STRUCT(Step, (), (emit, wait))

// The steps of a workflow as the JSON in which they are stored and travel with every event that starts a run: a door copies
// them, and only who carries them out reads them.
class Steps {
 public:
  Steps() : Steps(std::vector<Step>{}) {}
  Steps(const std::vector<Step>& steps);
  Steps(std::initializer_list<Step> steps) : Steps(std::vector<Step>(steps)) {}

  std::vector<Step> list() const;
  const std::string& text() const noexcept { return text_; }
  bool operator==(const Steps&) const = default;

 private:
  std::string text_;
};
inline void encode(json::Writer& out, const Steps& steps) { out.raw(steps.text()); }
bool decode(json::Value in, Steps& out);

// Does one of the patterns ("invoice.paid", "charge.*", "*") say this type?
bool is_subscribed(const std::vector<std::string>& patterns, std::string_view type) noexcept;

// What a wait compares: the string, number or boolean that the pointer leads to, as JSON. nullopt where it leads to nothing
// that can be compared, or to more than 255 bytes.
std::optional<std::string> match_value(json::Value event, std::string_view pointer);

}  // namespace penstock
