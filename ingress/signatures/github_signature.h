// The X-Hub-Signature-256 header.
#pragma once

#include "ingress/signatures/body_code.h"

namespace penstock {

// X-Hub-Signature-256: "sha256=" and the HMAC-SHA256 of the body in lower-case hex, never of an empty one
// (docs.github.com/webhooks). The older X-Hub-Signature with SHA-1 counts for nothing.
std::unique_ptr<const SignatureScheme> github_signature(std::span<const std::string> secrets);

}  // namespace penstock
