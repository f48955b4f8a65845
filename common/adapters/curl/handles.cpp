#include "common/adapters/curl/handles.h"

#include <algorithm>
#include <array>
#include <utility>

namespace penstock::curl {
namespace {

using enum SendError;

// Whatever is not here is a fault of ours or of the library.
constexpr std::array<std::pair<CURLcode, SendError>, 23> kErrors{{
    {CURLE_COULDNT_RESOLVE_HOST, resolve_failed},
    {CURLE_COULDNT_CONNECT, connect_failed},
    {CURLE_INTERFACE_FAILED, connect_failed},
    {CURLE_OPERATION_TIMEDOUT, timeout},
    {CURLE_SSL_CONNECT_ERROR, tls_failed},
    {CURLE_SSL_CERTPROBLEM, tls_failed},
    {CURLE_SSL_CIPHER, tls_failed},
    {CURLE_PEER_FAILED_VERIFICATION, tls_failed},
    {CURLE_SSL_CACERT_BADFILE, tls_failed},
    {CURLE_SSL_ISSUER_ERROR, tls_failed},
    {CURLE_SSL_INVALIDCERTSTATUS, tls_failed},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, tls_failed},
    {CURLE_USE_SSL_FAILED, tls_failed},
    {CURLE_GOT_NOTHING, reset},
    {CURLE_SEND_ERROR, reset},
    {CURLE_RECV_ERROR, reset},
    {CURLE_PARTIAL_FILE, reset},
    {CURLE_SSL_SHUTDOWN_FAILED, reset},
    {CURLE_HTTP2_STREAM, reset},
    {CURLE_HTTP2, bad_answer},
    {CURLE_UNSUPPORTED_PROTOCOL, bad_answer},  // bytes that are no HTTP, taken for HTTP/0.9
    {CURLE_WEIRD_SERVER_REPLY, bad_answer},
    {CURLE_BAD_CONTENT_ENCODING, bad_answer},
}};

}  // namespace

SendError error_of(CURLcode code) noexcept {
  const auto known =
      std::find_if(kErrors.begin(), kErrors.end(), [&](const auto& row) { return row.first == code; });
  return known == kErrors.end() ? internal : known->second;
}

bool library_is_ready() noexcept {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

}  // namespace penstock::curl
