#include "ingress/sessions/standing.h"

namespace penstock {

Standing standing_of(std::string_view account, const registry::Snapshot& settings) noexcept {
  if (!settings.filled()) return Standing::not_read_yet;
  const auto* ban = settings.find<registry::Ban>(account);
  if (ban == nullptr) return Standing::welcome;
  return ban->value == nullptr ? Standing::unreadable : Standing::banned;
}

}  // namespace penstock
