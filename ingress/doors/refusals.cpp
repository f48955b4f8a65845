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

Refused settings_unavailable(std::string_view why) {
  return refuse(kSettingsUnavailable,
                http::problem_with_retry(503, "settings_unavailable",
                                         "the request could not be verified now; send it again", kRetryAfter),
                std::string(why));
}

}  // namespace penstock
