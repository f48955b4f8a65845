#include "common/http/server/admission.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace penstock::http {
namespace {

constexpr AdmissionLimits kLimits{.connections_max = 10,
                                  .connections_per_address_max = 4,
                                  .body_bytes_max = 100,
                                  .body_bytes_per_address_max = 60};

Admission::Peer& enter(Admission& admission, const std::string& address) {
  return *std::get<Admission::Peer*>(admission.enter(address));
}

std::string key_of(const char* address) { return admission_key(boost::asio::ip::make_address(address)); }

TEST(AdmissionKey, AnIpv6HostIsItsSlash64) {
  EXPECT_EQ(key_of("2001:db8:1:2::1"), key_of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  EXPECT_NE(key_of("2001:db8:1:2::1"), key_of("2001:db8:1:3::1"));
}

TEST(AdmissionKey, AnIpv4HostIsItselfOnASocketForBothVersionsToo) {
  EXPECT_EQ(key_of("::ffff:192.0.2.1"), key_of("192.0.2.1"));
  EXPECT_NE(key_of("::ffff:192.0.2.1"), key_of("::ffff:192.0.2.2"));
  EXPECT_NE(key_of("::ffff:192.0.2.1"), key_of("::1"));
}

TEST(Admission, AnAddressMayTakeItsShareOfTheBodyMemoryAndNoByteMore) {
  Admission admission(kLimits);
  auto& first = enter(admission, "a");
  auto& again = enter(admission, "a");
  EXPECT_EQ(admission.take_body_bytes(first, 50), std::nullopt);
  EXPECT_EQ(admission.take_body_bytes(again, 10), std::nullopt);
  EXPECT_EQ(admission.take_body_bytes(again, 1), Refusal::body_memory_per_address);
  EXPECT_EQ(admission.take_body_bytes(enter(admission, "b"), 40), std::nullopt) << "the rest is for others";
}

TEST(Admission, TheShareLimitsNothingBeyondTheWhole) {
  Admission admission(kLimits);
  EXPECT_EQ(admission.take_body_bytes(enter(admission, "a"), 60), std::nullopt);
  auto& second = enter(admission, "b");
  EXPECT_EQ(admission.take_body_bytes(second, 41), Refusal::body_memory);
  EXPECT_EQ(admission.take_body_bytes(second, 40), std::nullopt) << "what was refused is not taken";
}

TEST(Admission, WhatIsGivenBackCanBeTakenAgain) {
  Admission admission(kLimits);
  auto& peer = enter(admission, "a");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(admission.take_body_bytes(peer, 60), std::nullopt);
    EXPECT_EQ(admission.take_body_bytes(peer, 1), Refusal::body_memory_per_address);
    admission.give_back_body_bytes(peer, 60);
  }
}

TEST(Admission, AnAddressIsForgottenWithItsLastConnection) {
  Admission admission(kLimits);
  std::vector<Admission::Peer*> peers;
  for (int i = 0; i < 4; ++i) peers.push_back(&enter(admission, "a"));
  EXPECT_EQ(std::get<Refusal>(admission.enter("a")), Refusal::connections_per_address);
  for (auto* peer : peers) admission.leave(*peer);
  for (int i = 0; i < 4; ++i) enter(admission, "a");
  EXPECT_EQ(std::get<Refusal>(admission.enter("a")), Refusal::connections_per_address);
}

TEST(Admission, CountsRightUnderManyThreads) {
  Admission admission({.connections_max = 1000,
                       .connections_per_address_max = 1000,
                       .body_bytes_max = 1000,
                       .body_bytes_per_address_max = 1000});
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&admission, t] {
      for (int i = 0; i < 2'000; ++i) {
        auto& peer = enter(admission, t % 2 == 0 ? "a" : "b");
        if (!admission.take_body_bytes(peer, 300)) admission.give_back_body_bytes(peer, 300);
        admission.leave(peer);
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(admission.take_body_bytes(enter(admission, "a"), 1000), std::nullopt);
}

}  // namespace
}  // namespace penstock::http
