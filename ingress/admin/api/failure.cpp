#include "common/core/check.h"
#include "common/http/probes/readiness.h"
#include "common/observe/log.h"
#include "ingress/admin/api/resources.h"

namespace penstock::admin {
namespace {

constexpr std::chrono::seconds kRetryAfter{1};

http::Response response_to(ErrorCode code, std::string_view address) {
  switch (code) {
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
    case ErrorCode::overloaded:
    case ErrorCode::wrong_schema:
      return try_again(address, code);
    case ErrorCode::conflict:
      return http::problem_with_retry(503, "conflict", "others keep changing the same rows", kRetryAfter);
    case ErrorCode::fenced:
      return http::problem_with_retry(503, "unavailable", "this process was superseded", kRetryAfter);
    case ErrorCode::not_found:  // by what opens settings: whoever finds no row has answered so
      return http::problem_with_retry(
          503, "master_key_missing",
          "the setting is sealed under a key that PENSTOCK_MASTER_KEY lacks here; the log names it",
          kRetryAfter);
    case ErrorCode::invalid:
    case ErrorCode::corrupt:
    case ErrorCode::internal:
      return http::problem(500, "internal", "something went wrong here; the log says what");
  }
  CHECK(false);
}

}  // namespace

http::Response try_again(std::string_view address, ErrorCode code) {
  return http::problem_with_retry(503, std::string(to_string(code)), failure_text(address, code),
                                  kRetryAfter);
}

http::Response failure_response(const http::Request& request, std::string_view address, const Error& error) {
  log::warn("admin request failed", {{"path", request.head.path()},
                                     {"request_id", request.request_id()},
                                     {"away", address},
                                     {"code", to_string(error.code)},
                                     {"detail", error.detail}});
  return response_to(error.code, address);
}

}  // namespace penstock::admin
