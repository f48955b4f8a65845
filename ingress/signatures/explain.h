// What an operator needs to know about a refused signature. For the log only:
// the caller learns nothing of it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/time.h"
#include "ingress/signatures/signature.h"

namespace penstock {

// A scheme in the words of a sentence.
struct SchemeWords {
  std::string_view sender = {};     // "Stripe"
  std::string_view field = {};      // which carries the signature
  std::string_view fields = {};     // all that may be there once only
  std::string_view signature = {};  // what a signature looks like: "v1 of 64 hex digits"
  std::string_view timestamp = {};  // how the time is called there; empty without one
  std::string_view secret = "the secret of its setting";
};

// Why, and what to do, for every verdict that can be told from the head; `signed_at` for one about the age.
std::string explain_head(SignatureVerdict verdict, const SchemeWords& words,
                         std::optional<std::chrono::sys_seconds> signed_at, Timestamp now);

// Of a signature_mismatch that nothing more is known about.
std::string explain_other_mismatch(const SchemeWords& words);

}  // namespace penstock
