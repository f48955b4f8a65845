#include "ingress/signatures/signing_keys.h"

namespace penstock {

SigningKeys::SigningKeys(std::vector<std::string> keys, Kept kept) {
  std::erase_if(keys, [](const std::string& key) { return key.empty(); });
  if (kept == Kept::bytes) {
    bytes_ = std::move(keys);
    bytes_.shrink_to_fit();
    return;
  }
  for (auto& key : keys) {
    keyed_.push_back(std::make_unique<const crypto::HmacSha256>(key));
    crypto::cleanse(key);
  }
}

SigningKeys::~SigningKeys() {
  for (auto& key : bytes_) crypto::cleanse(key);
}

}  // namespace penstock
