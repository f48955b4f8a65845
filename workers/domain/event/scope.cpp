#include "workers/domain/event/scope.h"

namespace penstock {

std::string Scope::name() const {
  std::string name = key({});
  name.pop_back();
  return name;
}

std::string Scope::key(std::string_view id) const {
  std::string key;
  key.reserve(std::string_view("live@/:").size() + (org ? org->size() : 0) + (account ? account->size() : 0) +
              id.size());
  key.append(livemode ? "live" : "test");
  if (org) key.append("@").append(*org);
  if (account) key.append("/").append(*account);
  return key.append(":").append(id);
}

bool Scope::is_key_of(std::string_view id, std::string_view key) const noexcept {
  const auto take = [&key](std::string_view piece) {
    if (!key.starts_with(piece)) return false;
    key.remove_prefix(piece.size());
    return true;
  };
  return take(livemode ? "live" : "test") && (!org || (take("@") && take(*org))) &&
         (!account || (take("/") && take(*account))) && take(":") && key == id;
}

}  // namespace penstock
