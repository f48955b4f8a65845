// The HTTP sender on libcurl's multi interface: one thread carries all requests, a few more look names up.
#pragma once

#include <memory>
#include <thread>

#include "common/adapters/curl/options.h"
#include "common/ports/http_sender.h"

namespace penstock {

namespace curl {
class SendLoop;
}

// TLS 1.2 or later with the host's name verified, HTTP/2 where the server offers it over TLS, connections kept and
// reused. Of a name every address is judged by the policy before any is connected to, and each once more where its
// socket is opened and before each request. Nothing is taken from the environment: no proxies, no .netrc; no cookies
// are kept.
class CurlHttpSender final : public HttpSender {
 public:
  // Error: invalid when the CA file cannot be read, internal when libcurl does not start.
  static Result<std::unique_ptr<CurlHttpSender>> open(CurlSenderOptions options);
  ~CurlHttpSender() override;
  CurlHttpSender(const CurlHttpSender&) = delete;
  CurlHttpSender& operator=(const CurlHttpSender&) = delete;

  [[nodiscard]] SendResult<void> send(OutgoingRequest request, SendDone done) override;

 private:
  explicit CurlHttpSender(CurlSenderOptions options);

  const std::unique_ptr<curl::SendLoop> loop_;
  std::thread thread_;
};

}  // namespace penstock
