#include "common/adapters/curl/http_sender.h"

#include <unistd.h>

#include <utility>

#include "common/adapters/curl/handles.h"
#include "common/adapters/curl/request_rules.h"
#include "common/adapters/curl/send_loop.h"
#include "common/core/check.h"

namespace penstock {
namespace {

SendFailure refuse(SendError error, std::string detail) { return {error, std::move(detail), 0, {}}; }

}  // namespace

Result<std::unique_ptr<CurlHttpSender>> CurlHttpSender::open(CurlSenderOptions options) {
  CHECK(options.in_flight_max > 0 && options.lookup_threads_max > 0 && options.names_kept_max > 0);
  if (!curl::library_is_ready()) return Error{ErrorCode::internal, "libcurl does not start"};
  if (::access(options.ca_file.c_str(), R_OK) != 0)
    return Error{ErrorCode::invalid, "cannot read the CA certificates in " + options.ca_file +
                                         " (Debian's package ca-certificates)"};
  return std::unique_ptr<CurlHttpSender>(new CurlHttpSender(std::move(options)));
}

CurlHttpSender::CurlHttpSender(CurlSenderOptions options)
    : loop_(std::make_unique<curl::SendLoop>(std::move(options))), thread_([this] { loop_->run(); }) {}

CurlHttpSender::~CurlHttpSender() {
  loop_->close();
  thread_.join();
}

SendResult<void> CurlHttpSender::send(OutgoingRequest request, SendDone done) {
  auto url = parse_outgoing_url(request.url, request.cleartext_allowed);
  if (!url) return refuse(SendError::url_refused, "the URL " + url.error().detail);
  if (const auto checked = curl::check_request(request); !checked)
    return refuse(SendError::request_refused, checked.error().detail);
  auto transfer =
      std::make_unique<curl::Transfer>(std::move(request), std::move(url).value(), std::move(done));
  if (loop_->take(std::move(transfer))) return ok();
  return loop_->closed() ? refuse(SendError::cancelled, "the sender ended")
                         : refuse(SendError::overloaded, "too many requests are under way");
}

}  // namespace penstock
