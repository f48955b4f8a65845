// Distinct types for what must not be mixed up. Each is its value and nothing else.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace penstock {

// "<scope>:<id>" (contract.md): the identity of an event for dedupe, e.g. "stripe:evt_1".
struct EventKey {
  std::string value;
  auto operator<=>(const EventKey&) const = default;
};

inline EventKey make_event_key(std::string_view scope, std::string_view id) {
  std::string value;
  value.reserve(scope.size() + 1 + id.size());
  value.append(scope).append(1, ':').append(id);
  return EventKey{std::move(value)};
}

struct Partition {
  std::int32_t value = 0;
  auto operator<=>(const Partition&) const = default;
};

struct Offset {
  std::int64_t value = 0;
  auto operator<=>(const Offset&) const = default;
};

}  // namespace penstock

template <>
struct std::hash<penstock::EventKey> {
  std::size_t operator()(const penstock::EventKey& key) const noexcept {
    return std::hash<std::string>{}(key.value);
  }
};
