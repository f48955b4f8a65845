#include "common/http/listeners/addresses.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <deque>
#include <string>

#include "common/observe/log.h"

namespace penstock {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

// As the servers bind (event_loop.cpp): an address whose last connections are still closing is free.
error_code bind(tcp::acceptor& acceptor, const Address& address) {
  error_code ec;
  const auto host = net::ip::make_address(address.host, ec);
  if (ec) return ec;
  acceptor.open(host.is_v6() ? tcp::v6() : tcp::v4(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor.bind({host, address.port}, ec);
  // Of sockets that only have an address, two may have the same one.
  if (!ec) acceptor.listen(1, ec);
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
  net::io_context context;
  std::deque<tcp::acceptor> bound;  // until the last one is: two of ours may be in each other's way
  for (const auto& [setting, address] : addresses) {
    const error_code ec = bind(bound.emplace_back(context), address);
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
