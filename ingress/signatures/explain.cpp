#include "ingress/signatures/explain.h"

#include "common/core/check.h"

namespace penstock {
namespace {

std::string explain_time(std::optional<std::chrono::sys_seconds> signed_at, Timestamp now) {
  CHECK(signed_at);
  const auto age = (std::chrono::floor<std::chrono::seconds>(now) - *signed_at).count();
  if (age < 0)
    return "clock off by " + std::to_string(-age) +
           " s: signed in the future by this machine's clock; set the clocks";
  return "clock off by " + std::to_string(age) +
         " s, or an old request sent again: signed that long ago by this machine's clock";
}

std::string text(std::initializer_list<std::string_view> parts) {
  std::string all;
  for (const auto part : parts) all += part;
  return all;
}

}  // namespace

std::string explain_head(SignatureVerdict verdict, const SchemeWords& words,
                         std::optional<std::chrono::sys_seconds> signed_at, Timestamp now) {
  switch (verdict) {
    case SignatureVerdict::valid:
      return "signed by one of our secrets";
    case SignatureVerdict::no_secret:
      return text({"no secret is configured that could have signed: set ", words.secret});
    case SignatureVerdict::header_missing:
      return text({"no such header: there is no ", words.field, "; not from ", words.sender,
                   ", or dropped on its way"});
    case SignatureVerdict::header_repeated:
      return text({"malformed header: more than one ", words.fields});
    case SignatureVerdict::header_oversized:
      return "malformed header: too many elements";
    case SignatureVerdict::element_malformed:
      return "malformed header: a t or v1 without =";
    case SignatureVerdict::id_missing:
      return "malformed header: no webhook-id, or an empty one";
    case SignatureVerdict::timestamp_missing:
      return text({"malformed header: no ", words.timestamp, ", or one that is no plain number of seconds"});
    case SignatureVerdict::timestamp_ambiguous:
      return text({"malformed header: two ", words.timestamp, " that differ"});
    case SignatureVerdict::timestamp_outside_tolerance:
      return explain_time(signed_at, now);
    case SignatureVerdict::signature_missing:
      return text({"malformed header: no ", words.signature});
    case SignatureVerdict::body_empty:
      return text({"no body: ", words.sender, " sends none that is empty"});
    case SignatureVerdict::signature_mismatch:
      return explain_other_mismatch(words);
  }
  return {};
}

std::string explain_other_mismatch(const SchemeWords& words) {
  return text({"wrong secret, or the body was changed on its way: compare ", words.secret,
               " with the sender's; what stands in front must pass the bytes on as they come"});
}

}  // namespace penstock
