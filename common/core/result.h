// Expected failures are values: Result<T> carries a T or an Error. Bugs abort (check.h).
//
//   Result<int> port = parse_port(text);
//   if (!port) return port.error();          // or: TRY(auto port, parse_port(text));
#pragma once

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/terminate.hpp>
#include <boost/outcome/success_failure.hpp>
#include <boost/outcome/try.hpp>
#include <cstddef>
#include <string>
#include <string_view>

namespace penstock {

// What went wrong, spelled like the metric label.
enum class ErrorCode {
  unavailable,  // the other side cannot be reached; what has an effect may have had it
  timeout,      // no answer before the deadline; likewise
  overloaded,   // a bounded queue or pool is full
  conflict,     // another transaction got there first: load again and retry
  invalid,      // the input makes no sense; retrying cannot help
  not_found,
  wrong_schema,  // the store's or log's schema is not this program's
  fenced,        // this producer, consumer or lock has been superseded
  corrupt,       // stored data cannot be read back
  internal,      // a reply nobody expected
};
inline constexpr std::size_t kErrorCodes = 10;

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string detail;  // for the log and the operator; holds no secret
};

std::string_view to_string(ErrorCode code) noexcept;

template <class T>
using Result = boost::outcome_v2::basic_result<T, Error, boost::outcome_v2::policy::terminate>;
using Status = Result<void>;

inline auto ok() { return boost::outcome_v2::success(); }

}  // namespace penstock

// TRY(auto x, f()) declares x or returns f()'s error; TRY_STATUS(f()) only returns the error. Both are
// several statements: put braces around them under an if or a for.
#define TRY(declaration, ...) BOOST_OUTCOME_TRY(declaration, __VA_ARGS__)
#define TRY_STATUS(...) BOOST_OUTCOME_TRYV(__VA_ARGS__)
