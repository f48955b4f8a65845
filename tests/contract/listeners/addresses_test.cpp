#include "common/http/listeners/addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace penstock {
namespace {

using boost::asio::ip::tcp;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Somebody who listens on a port of 127.0.0.1.
class Occupant {
 public:
  Address address() const { return {"127.0.0.1", acceptor_.local_endpoint().port()}; }

 private:
  boost::asio::io_context context_;
  tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
};

struct Answer {
  bool can;
  std::string log;
};

Answer ask(std::initializer_list<ListenAddress> addresses) {
  ::testing::internal::CaptureStderr();
  const bool can = can_listen(addresses);
  return {can, ::testing::internal::GetCapturedStderr()};
}

TEST(CanListen, AnAddressInUseIsNamedWithItsSetting) {
  const Occupant other;
  const auto answer =
      ask({{"PENSTOCK_LISTEN", other.address()}, {"PENSTOCK_ADMIN_LISTEN", {"127.0.0.1", 0}}});
  EXPECT_FALSE(answer.can);
  EXPECT_THAT(answer.log, AllOf(HasSubstr("PENSTOCK_LISTEN"), HasSubstr(to_string(other.address())),
                                HasSubstr("in use"), HasSubstr("set another address")));
}

TEST(CanListen, EveryAddressThatCannotBeListenedOnIsSaid) {
  const Occupant other;
  const auto answer = ask({{"PENSTOCK_LISTEN", other.address()},
                           {"PENSTOCK_ADMIN_LISTEN", {"localhost", 0}},
                           {"PENSTOCK_METRICS_LISTEN", {"192.0.2.1", 0}}});
  EXPECT_FALSE(answer.can);
  EXPECT_THAT(answer.log, AllOf(HasSubstr("PENSTOCK_LISTEN"), HasSubstr("PENSTOCK_ADMIN_LISTEN"),
                                HasSubstr("an IP address, such as"), HasSubstr("PENSTOCK_METRICS_LISTEN"),
                                HasSubstr("an address of this machine")));
}

TEST(CanListen, TwoListenersOfOneProgramCannotShareAPort) {
  Address address;
  {
    const Occupant other;
    address = other.address();
  }
  for (const std::string& host : {std::string("127.0.0.1"), std::string("0.0.0.0")}) {
    const auto answer =
        ask({{"PENSTOCK_LISTEN", {host, address.port}}, {"PENSTOCK_METRICS_LISTEN", address}});
    EXPECT_FALSE(answer.can) << host;
    EXPECT_THAT(answer.log, AllOf(HasSubstr("PENSTOCK_METRICS_LISTEN"), HasSubstr(to_string(address)),
                                  HasSubstr("in use")));
  }
}

TEST(CanListen, FreeAddressesAreFreeAfterwardsToo) {
  Address address;
  {
    const Occupant other;
    address = other.address();
  }
  for (int round = 0; round < 2; ++round) {
    const auto answer = ask({{"PENSTOCK_LISTEN", address}, {"PENSTOCK_ADMIN_LISTEN", {"127.0.0.1", 0}}});
    EXPECT_TRUE(answer.can);
    EXPECT_THAT(answer.log, IsEmpty());
  }
  boost::asio::io_context context;
  EXPECT_NO_THROW(tcp::acceptor(context, {boost::asio::ip::address_v4::loopback(), address.port}));
}

}  // namespace
}  // namespace penstock
