#include "deploy/standalone/send/http_client.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <optional>

#include "common/crypto/crypto.h"

namespace penstock::send {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using net::ip::tcp;

constexpr std::size_t kAnswerBytesMax = 8 * 1024 * 1024;

Error refuse(std::string why) { return {ErrorCode::invalid, std::move(why)}; }

// The operations of one request, each begun by the one before; its own context
// runs no longer than the deadline.
class Exchange {
 public:
  explicit Exchange(const HttpRequest& request)
      : where_(to_string(request.url.address)), resolver_(context_), socket_(context_) {
    out_.method_string(request.method);
    out_.target(request.url.target);
    out_.set(http::field::host, where_);
    out_.set(http::field::user_agent, "penstock-send");
    for (const auto& [name, value] : request.headers) out_.set(name, value);
    out_.body() = request.body;
    out_.prepare_payload();
    in_.body_limit(kAnswerBytesMax);
    resolver_.async_resolve(request.url.address.host, std::to_string(request.url.address.port),
                            [this](const error_code& ec, const tcp::resolver::results_type& found) {
                              if (!failed("cannot find", ec)) connect(found);
                            });
  }

  Result<HttpAnswer> run(Milliseconds deadline) {
    context_.run_for(deadline);
    if (failure_) return Error{ErrorCode::unavailable, *failure_};
    if (!done_)
      return Error{ErrorCode::timeout,
                   "no answer from " + where_ + " within " + std::to_string(deadline.count() / 1000) + " s"};
    auto answer = in_.release();
    return HttpAnswer{static_cast<int>(answer.result_int()), std::move(answer.body())};
  }

 private:
  void connect(const tcp::resolver::results_type& found) {
    net::async_connect(socket_, found, [this](const error_code& ec, const tcp::endpoint&) {
      if (!failed("cannot connect to", ec)) write();
    });
  }

  // An answer may come before all is sent, such as 413: that one says more than the failed write.
  void write() {
    http::async_write(socket_, out_, [this](const error_code& sent, std::size_t) {
      http::async_read(socket_, buffer_, in_, [this, sent](const error_code& ec, std::size_t) {
        done_ = !failed("broken off by", ec && sent ? sent : ec);
      });
    });
  }

  bool failed(std::string_view what, const error_code& ec) {
    if (ec) failure_ = std::string(what) + " " + where_ + ": " + ec.message();
    return failure_.has_value();
  }

  std::string where_;
  net::io_context context_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  http::request<http::string_body> out_;
  boost::beast::flat_buffer buffer_;
  http::response_parser<http::string_body> in_;
  std::optional<std::string> failure_;
  bool done_ = false;
};

}  // namespace

Result<HttpUrl> parse_http_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (text.starts_with("https://"))
    return refuse(
        "send speaks plain HTTP; name the listener itself, which stands behind the proxy that ends TLS");
  if (!text.starts_with(kScheme)) return refuse("is not http://host:port/path");
  text.remove_prefix(kScheme.size());
  const auto printable = [](char c) { return c > ' ' && c < 0x7f && c != '#'; };
  if (!std::all_of(text.begin(), text.end(), printable))
    return refuse("has a character that no request can carry; write it as %XX");
  const auto end = std::min(text.find_first_of("/?"), text.size());
  std::string authority(text.substr(0, end));
  const auto colon = authority.rfind(':');
  if (colon == std::string::npos || authority.ends_with(']')) authority += ":80";
  auto address = parse_address(authority);
  if (!address) return refuse(address.error().detail);
  if (address.value().port == 0) return refuse("has no port between 1 and 65535");
  std::string target(text.substr(end));
  if (!target.starts_with('/')) target.insert(0, 1, '/');
  return HttpUrl{std::move(address).value(), std::move(target)};
}

// RFC 3986 §3.3 and §3.4.
std::string path_segment(std::string_view text) {
  constexpr std::string_view kPlain = "-._~:@!$()*,;";
  std::string out;
  for (const char c : text) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alphanumeric || kPlain.find(c) != std::string_view::npos)
      out += c;
    else
      out.append("%").append(crypto::to_hex({&c, 1}));
  }
  return out;
}

Result<HttpAnswer> fetch(const HttpRequest& request, Milliseconds deadline) {
  return Exchange(request).run(deadline);
}

}  // namespace penstock::send
