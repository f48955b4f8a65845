#include "ingress/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using testing::HasSubstr;

Settings settings_with(Environment environment) {
  environment.emplace("PENSTOCK_DATA_DIR", "/tmp/x");
  auto loaded = Settings::load(Program::standalone, std::nullopt, environment);
  EXPECT_TRUE(loaded.problems.empty());
  return std::move(loaded.settings);
}

std::size_t body_share(Environment environment) {
  return public_server_options(settings_with(std::move(environment))).body_bytes_per_address_max;
}

constexpr std::size_t kMiB = 1024 * 1024;

TEST(ListenerOptions, AnAddressHasAnEighthOfTheBodyMemoryUnlessSet) {
  EXPECT_EQ(body_share({}), 32 * kMiB);
  EXPECT_EQ(body_share({{"PENSTOCK_MAX_BODIES", "64MiB"}}), 8 * kMiB);
  EXPECT_EQ(body_share({{"PENSTOCK_MAX_BODIES_PER_ADDRESS", "100MiB"}}), 100 * kMiB);
}

TEST(ListenerOptions, AWholeBodyAlwaysFitsIntoTheShare) {
  EXPECT_EQ(body_share({{"PENSTOCK_MAX_BODIES_PER_ADDRESS", "1KiB"}}), 512 * 1024);
  EXPECT_EQ(body_share({{"PENSTOCK_MAX_BODY", "16MiB"}, {"PENSTOCK_MAX_BODIES", "16MiB"}}), 16 * kMiB);
}

TEST(ListenerOptions, TheCircuitWaitsForTheLogAsLongAsAnAnswerMayTakeAndNamesIt) {
  const auto options = intake_options(settings_with({{"PENSTOCK_ACK_TIMEOUT", "3s"}}));
  EXPECT_EQ(options.log.answer_deadline, std::chrono::seconds{3});
  EXPECT_EQ(options.log.address, "sqlite at /tmp/x/log.db");
}

TEST(AdsDoorOptions, AreTheRateAndTheProxies) {
  EXPECT_EQ(ads_door_options(settings_with({})).impressions_per_second, 20U);
  EXPECT_TRUE(ads_door_options(settings_with({})).trusted_proxies.empty());
  const auto options = ads_door_options(
      settings_with({{"PENSTOCK_ADS_RATE", "0"}, {"PENSTOCK_TRUSTED_PROXIES", "10.0.0.0/8,192.0.2.1"}}));
  EXPECT_EQ(options.impressions_per_second, 0U);
  EXPECT_EQ(options.trusted_proxies.size(), 2U);
}

TEST(RatesOfReportersAndSignIns, AreTheSettings) {
  const auto settings = settings_with({{"PENSTOCK_REPORTS_RATE", "1"},
                                       {"PENSTOCK_REPORTS_KEY_RATE", "2"},
                                       {"PENSTOCK_SIGN_IN_RATE", "3"},
                                       {"PENSTOCK_TRUSTED_PROXIES", "10.0.0.0/8"}});
  EXPECT_EQ(reports_door_options(settings).per_minute_of_user, 1U);
  EXPECT_EQ(reports_door_options(settings).per_minute_of_key, 2U);
  EXPECT_EQ(sign_in_options(settings).requests_per_minute, 3U);
  EXPECT_EQ(sign_in_options(settings).trusted_proxies.size(), 1U);
}

TEST(ConnectionsThatFit, LeaveRoomForWhateverElseIsOpen) {
  EXPECT_EQ(connections_that_fit(4096, 1'000'000, 200), 4096U);
  EXPECT_EQ(connections_that_fit(4096, 4296, 200), 4096U);
  EXPECT_EQ(connections_that_fit(4096, 4295, 200), 4095U);
  EXPECT_EQ(connections_that_fit(4096, 1024, 200), 824U);
}

TEST(ConnectionsThatFit, HaveHalfOfALimitThatIsFarTooLow) {
  EXPECT_EQ(connections_that_fit(4096, 64, 200), 32U);
  EXPECT_EQ(connections_that_fit(4096, 1, 200), 1U);
}

TEST(FitConnections, LowersTheSettingAndSaysSoWithBothNumbers) {
  auto settings = settings_with({{"PENSTOCK_STORE_CONNECTIONS", "4"}, {"PENSTOCK_INGRESS_THREADS", "2"}});
  testing::internal::CaptureStderr();
  fit_connections(settings, 1024, 100);
  const auto said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(settings.connections_max, 1024 - 100 - 4 - 2 * 4 - 96);
  EXPECT_THAT(said, HasSubstr("PENSTOCK_MAX_CONNECTIONS"));
  EXPECT_THAT(said, HasSubstr("setting=4096"));
  EXPECT_THAT(said, HasSubstr("connections=816"));
  EXPECT_THAT(said, HasSubstr("open_files_max=1024"));
}

TEST(FitConnections, WhatFitsStaysAsItIsWithoutAWord) {
  auto settings = settings_with({});
  testing::internal::CaptureStderr();
  fit_connections(settings, 1'048'576, 64);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(settings.connections_max, 4096);
}

}  // namespace
}  // namespace penstock
