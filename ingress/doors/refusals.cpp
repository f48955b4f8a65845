#include "ingress/doors/refusals.h"

#include <utility>

#include "ingress/fields/field_problems.h"

namespace penstock {
namespace {

constexpr std::chrono::seconds kRetryAfter{5};

}  // namespace

Refused refuse(std::string_view reason, http::Response answer, std::string detail) {
  return {reason, std::move(answer), [detail = std::move(detail)] { return detail; }};
}

http::Response invalid_field(std::string_view field, std::string_view why) {
  FieldProblems problems;
  problems.refuse(field, why);
  return *problems.refusal();
}

std::optional<Refused> judge_small_body(const http::Request& request, std::size_t kib_max) {
  const auto length = request.head.content_length.value_or(0);
  if (length <= kib_max * 1024) return std::nullopt;
  return too_large("the body", length, kib_max);
}

Refused too_large(std::string_view what, std::size_t bytes, std::size_t kib_max) {
  const std::string why = std::string(what) + " is larger than " + std::to_string(kib_max) + " KiB";
  return refuse(kBodyTooLarge, http::problem(413, "body_too_large", why), std::to_string(bytes) + " bytes");
}

Refused settings_unavailable(std::string_view why) {
  return refuse(kSettingsUnavailable,
                http::problem_with_retry(503, "settings_unavailable",
                                         "the request could not be verified now; send it again", kRetryAfter),
                std::string(why));
}

}  // namespace penstock
