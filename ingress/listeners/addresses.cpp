#include "ingress/listeners/addresses.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "common/observe/log.h"

namespace penstock {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

// As the servers bind (event_loop.cpp): an address whose last connections are still closing is free.
error_code try_to_bind(const Address& address) {
  error_code ec;
  const auto host = net::ip::make_address(address.host, ec);
  if (ec) return ec;
  net::io_context context;
  tcp::acceptor acceptor(context);
  acceptor.open(host.is_v6() ? tcp::v6() : tcp::v4(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor.bind({host, address.port}, ec);
  return ec;
}

std::string_view advice(const error_code& ec) {
  if (ec == net::error::address_in_use) return "stop the program that listens there, or set another address";
  if (ec == net::error::access_denied) return "set a port above 1023, or allow this program the low ones";
  if (ec == net::error::invalid_argument) return "set an IP address, such as 127.0.0.1, not a name";
  return "set an address of this machine";
}

}  // namespace

bool can_listen(std::initializer_list<ListenAddress> addresses) {
  bool can = true;
  for (const auto& [setting, address] : addresses) {
    const error_code ec = try_to_bind(address);
    if (!ec) continue;
    log::error("cannot listen", {{"address", to_string(address)},
                                 {"setting", setting},
                                 {"detail", ec.message()},
                                 {"do", advice(ec)}});
    can = false;
  }
  return can;
}

}  // namespace penstock
