// HTTP requests to servers of others: receivers of webhooks, identity providers, payment providers.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/terminate.hpp>

#include "common/core/describe.h"
#include "common/core/time.h"

namespace penstock {

// Why a request has no answer, spelled like the metric label.
BOOST_DEFINE_ENUM_CLASS(SendError,         //
                        url_refused,       // no URL that is sent to (common/net/outgoing_url.h)
                        request_refused,   // a header or body that is never sent
                        address_refused,   // the name leads to an address that is not connected to
                        resolve_failed,    // the name leads nowhere, or the name servers do not answer
                        resolve_timeout,   //
                        connect_failed,    // nobody listens there, or there is no way there
                        connect_timeout,   // TLS included
                        tls_failed,        // no TLS, or no certificate of that name that we trust
                        timeout,           // connected, and the answer was not there in time
                        reset,             // broken off before the answer was whole
                        bad_answer,        // what came is no HTTP answer
                        answer_too_large,  // its head or body is larger than the request takes
                        overloaded,        // as many requests as allowed are under way: try later
                        cancelled,         // the sender ended first
                        internal)          // a fault of ours, or of the library

BOOST_DEFINE_ENUM_CLASS(OutgoingMethod, get, post)

using HttpFields = std::vector<std::pair<std::string, std::string>>;

// Each is how long a phase may take from its begin; `whole` runs from send() to the last byte of the answer and ends
// every phase. All are positive.
struct SendDeadlines {
  Milliseconds resolve{5'000};
  Milliseconds connect{5'000};      // TCP and TLS
  Milliseconds first_byte{10'000};  // from when the request may be sent to the answer's first byte
  Milliseconds whole{15'000};
};

// What is taken of an answer. More than a `max` ends the request with answer_too_large.
struct AnswerLimits {
  std::size_t head_bytes_max = 8 * 1024;   // all header lines together, trailers and interim answers included
  std::size_t body_bytes_kept = 4 * 1024;  // the rest is read and dropped
  std::size_t body_bytes_max = 64 * 1024;
};

struct OutgoingRequest {
  OutgoingMethod method = OutgoingMethod::post;
  std::string url;
  // Sent in this order, and nothing beside them but Host, User-Agent, Content-Length and what the connection itself
  // needs: these cannot be given. Names are tokens, values printable ASCII without spaces around them; 64 fields and
  // 16 KiB at most.
  HttpFields headers;
  std::string body;  // of a GET there is none
  bool cleartext_allowed = false;
  SendDeadlines deadlines;
  AnswerLimits limits;
};

// How far a request came. Moments count from send(); one that was not reached has none.
struct SendProgress {
  using Moment = std::chrono::microseconds;
  std::string address;  // "192.0.2.1:443": what it was sent to, else what was tried last, else empty
  bool connection_reused = false;   // then it neither connected nor shook hands itself
  std::optional<Moment> resolved;   // at once, when the name is known from before
  std::optional<Moment> connected;  // by TCP; with TLS not told before that stands too
  std::optional<Moment> secured;
  std::optional<Moment> first_byte;
  Moment whole{};
};

struct OutgoingAnswer {
  int status = 0;      // final, and whatever it is: a redirect is an answer and is not followed
  HttpFields headers;  // in the order in which they came; names in lower case
  // As sent: a compressed one was not asked for and is not expanded. Without a length it ends with the connection, and
  // nothing tells whether that was its end.
  std::string body;
  bool body_cut = false;  // there was more than `body_bytes_kept`
  SendProgress progress;

  // The first field of that name, which is given in lower case; nullopt when there is none.
  std::optional<std::string_view> header(std::string_view name) const noexcept;
};

struct SendFailure {
  SendError error = SendError::internal;
  std::string detail;  // for the operator; neither path, query, header nor body
  int status = 0;      // of an answer that began and was not whole
  SendProgress progress;
};

template <class T>
using SendResult = boost::outcome_v2::basic_result<T, SendFailure, boost::outcome_v2::policy::terminate>;

// Called exactly once per accepted request, from a thread of the sender, never from inside send(). Must not block or
// throw. May send again.
using SendDone = std::function<void(SendResult<OutgoingAnswer>)>;

// All methods may be called from any thread. Destruction cancels what is under way: it has called every `done` when it
// returns, within a second. A `done` must not destroy the sender.
class HttpSender {
 public:
  virtual ~HttpSender() = default;

  // Takes the request or refuses it at once (url_refused, request_refused, overloaded, cancelled; then `done` is not
  // called). Never blocks. A request on a kept connection that turns out to be closed before a byte of the answer came
  // is sent again on another; nothing else is ever repeated.
  [[nodiscard]] virtual SendResult<void> send(OutgoingRequest request, SendDone done) = 0;
};

}  // namespace penstock
