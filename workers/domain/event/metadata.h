// What platforms write into the metadata of a provider's objects.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace penstock {

// The value under `name`; nullopt when there is none or it is empty.
inline std::optional<std::string> find_text(const std::map<std::string, std::string>& map,
                                            const std::string& name) {
  const auto found = map.find(name);
  return found == map.end() || found->second.empty() ? std::nullopt : std::optional(found->second);
}

}  // namespace penstock
