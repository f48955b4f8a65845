// The signature schemes by the names that settings know them by.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.h"
#include "ingress/signatures/signature.h"

namespace penstock {

// "x-signature", "standard-webhooks", …
std::vector<std::string_view> scheme_names();

// A scheme with its keys; every one of the secrets may have signed. Without a tolerance (or with 0) the age of a signature
// is not checked, as it never is where a scheme signs no time. Keys are kept as bytes, since senders may be many: with two
// secrets of 32 characters each takes 340 bytes at most. Errors: invalid, for a name that is none, and lists
// those that are; a secret that is no key is left out, and without any key every request is refused (no_secret).
Result<std::unique_ptr<const SignatureScheme>> make_scheme(std::string_view name,
                                                           std::span<const std::string> secrets,
                                                           std::optional<std::chrono::seconds> tolerance);

// Whether the secret is a key of that scheme. Errors: invalid, with the why, which never repeats the secret.
Status check_scheme_secret(std::string_view scheme, std::string_view secret);

}  // namespace penstock
