// bench_bare_ingress: the least that an HTTP server on Beast can do with a signed event: read the request,
// compute the HMAC, answer 200 if it matches. One io_context on one thread, keep-alive, no deadlines, no
// limits beyond Beast's, a ready-made answer. What Penstock's ingress is compared with.

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <memory>
#include <optional>
#include <string>

#include "common/crypto/crypto.h"
#include "tests/bench/programs/report.h"

namespace penstock::bench {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Executor = net::io_context::executor_type;
using Socket = net::basic_stream_socket<net::ip::tcp, Executor>;
using Acceptor = net::basic_socket_acceptor<net::ip::tcp, Executor>;

constexpr std::string_view kAccepted =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{\"received\": true}";
constexpr std::string_view kRefused = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";

// "t=1700000000,v1=<64 hex digits>", as the load sends it.
bool is_signed(std::string_view header, std::string_view body, const crypto::HmacSha256& key) {
  const auto comma = header.find(",v1=");
  if (!header.starts_with("t=") || comma == std::string_view::npos) return false;
  const auto digits = crypto::hex_digits(key.mac({header.substr(2, comma - 2), ".", body}));
  return crypto::constant_time_equal(header.substr(comma + 4), {digits.data(), digits.size()});
}

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Socket socket, const crypto::HmacSha256& key) : socket_(std::move(socket)), key_(key) {
    socket_.set_option(net::ip::tcp::no_delay(true));
  }

  void read() {
    parser_.emplace();
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](const error_code& ec, std::size_t) {
                       if (!ec) self->answer();
                     });
  }

 private:
  void answer() {
    const auto& request = parser_->get();
    const auto text = is_signed(request["Stripe-Signature"], request.body(), key_) ? kAccepted : kRefused;
    net::async_write(socket_, net::buffer(text),
                     [self = shared_from_this()](const error_code& ec, std::size_t) {
                       if (!ec) self->read();
                     });
  }

  Socket socket_;
  const crypto::HmacSha256& key_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
};

void accept(Acceptor& acceptor, const crypto::HmacSha256& key) {
  acceptor.async_accept([&acceptor, &key](const error_code& ec, Socket socket) {
    if (!ec) std::make_shared<Session>(std::move(socket), key)->read();
    accept(acceptor, key);
  });
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  using namespace penstock::bench;
  std::string secret;
  CLI::App app("A bare Beast server that checks signatures");
  app.add_option("--secret", secret)->required();
  CLI11_PARSE(app, argc, argv);

  const penstock::crypto::HmacSha256 key(secret);
  net::io_context context{1};
  Acceptor acceptor(context, {net::ip::address_v4::loopback(), 0});
  accept(acceptor, key);
  report_listening(fmt::format("127.0.0.1:{}", acceptor.local_endpoint().port()));
  context.run();
}
