#include "ingress/identity_providers/key_set.h"

namespace penstock {
namespace {

constexpr std::size_t kKeysMax = 64;

bool is_for_signatures(json::Value key) { return key["use"].missing() || key["use"].string() == "sig"; }

}  // namespace

ProviderResult<KeySet> KeySet::read(json::Value document) {
  const auto list = document["keys"];
  if (!list.is_array()) return ProviderFailure{ProviderError::bad_answer, "keys: no list of keys"};
  KeySet set;
  for (auto each = list.first(); !each.absent() && set.keys_.size() < kKeysMax; each = list.next(each)) {
    if (!each.is_object() || !is_for_signatures(each)) continue;
    auto key = jose::Key::of_jwk(json::canonical(each));
    if (!key) continue;
    set.keys_.push_back({std::string(each["kid"].string().value_or("")),
                         std::string(each["alg"].string().value_or("")), std::move(key).value()});
  }
  return set;
}

std::vector<jose::Key> KeySet::candidates(const jose::Token& token) const {
  std::vector<jose::Key> found;
  if (!token.algorithm()) return found;
  const auto algorithm = *token.algorithm();
  for (const NamedKey& each : keys_) {
    const bool is_named = token.key_id().empty() || each.id == token.key_id();
    const bool is_for_it = each.algorithm.empty() || each.algorithm == to_string(algorithm);
    if (is_named && is_for_it && each.key.fits(algorithm)) found.push_back(each.key);
  }
  return found;
}

}  // namespace penstock
