#include "common/ports/event_log.h"

namespace penstock {

std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) noexcept {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return std::nullopt;
}

}  // namespace penstock
