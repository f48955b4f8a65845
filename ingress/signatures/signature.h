// The one shape of all signature schemes: keys and a request give a verdict. Verification is over the raw bytes,
// before anything is parsed. Nothing here reads a clock or a setting.
//
// To add one: a file of its own, as standard_webhooks.h, or github_signature.h where the code of the body is all, and a row
// in schemes.cpp.
#pragma once

#include <string>
#include <string_view>

#include "common/core/time.h"
#include "common/http/server/request_head.h"

namespace penstock {

// Why a request is or is not believed; for the log and the metric, never for the caller.
enum class SignatureVerdict {
  valid,
  no_secret,  // none is configured that could be a key
  header_missing,
  header_repeated,
  header_oversized,     // more elements than any sender makes
  element_malformed,    // a t or v1 without "="
  id_missing,           // none, or an empty one, where the id of a message is signed
  timestamp_missing,    // none, or one that is no canonical positive decimal
  timestamp_ambiguous,  // two that differ
  timestamp_outside_tolerance,
  signature_missing,  // none in the scheme's form, such as 64 hexadecimal digits
  body_empty,         // where no sender signs one
  signature_mismatch,
};
inline constexpr std::size_t kSignatureVerdicts = 13;

std::string_view to_string(SignatureVerdict verdict) noexcept;

// A scheme with its keys. Immutable, so any thread may use it; never blocks or throws.
class SignatureScheme {
 public:
  virtual ~SignatureScheme() = default;

  // What can be told before the body is there; `valid` leaves the rest to the body. The age of a signature is
  // judged here and nowhere else, so a body that comes slowly does not make it stale.
  virtual SignatureVerdict judge_head(const http::RequestHead& head, Timestamp now) const = 0;

  // Whether one of the keys signed `body`, the bytes as received, under a head that was found valid. Every key is
  // compared with every signature, in constant time.
  virtual bool signed_by_us(const http::RequestHead& head, std::string_view body) const = 0;

  // Why, and what to do, for the log: a sentence that quotes neither header nor body. Not cheap.
  virtual std::string explain(SignatureVerdict verdict, const http::RequestHead& head, std::string_view body,
                              Timestamp now) const = 0;
};

}  // namespace penstock
