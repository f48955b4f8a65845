// Secrets of webhooks as Standard Webhooks spells them (github.com/standard-webhooks/standard-webhooks). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::crypto {

// What a secret may stand for as a key, what a sender signs with first. After whsec_ stands base64, which is decoded; any
// other secret is the key as it stands or, where it is base64 itself, what that decodes to: libraries take the prefix for
// optional. None for an empty one, and for a whsec_ that no base64 follows.
std::vector<std::string> standard_webhooks_keys(std::string_view secret);

}  // namespace penstock::crypto
