#include "common/ports/http_sender.h"

#include <algorithm>

namespace penstock {

std::optional<std::string_view> OutgoingAnswer::header(std::string_view name) const noexcept {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& field) { return field.first == name; });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

}  // namespace penstock
