#include "ingress/doors/ads/impression_record.h"

#include <gtest/gtest.h>

#include "common/core/uuid.h"
#include "common/crypto/crypto.h"

namespace penstock {
namespace {

const Timestamp kNow = timestamp_from_unix_ms(1'700'000'000'123);
constexpr std::string_view kAd = "0f8fad5b-d9cb-469f-a165-70867728950e";
constexpr std::string_view kOther = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

Record record_of(std::optional<std::string_view> key, std::string body = {}, std::string_view ad = kAd) {
  return impression_record(ad, key, std::move(body), Catalogue::builtin(), kNow);
}

std::string id_of(std::optional<std::string_view> key, std::string_view ad = kAd) {
  const auto record = record_of(key, {}, ad);
  return std::string(find_header(record.headers, "ce_id").value_or("none"));
}

TEST(ImpressionRecord, CarriesTheBodyAndCloudEventsHeadersAndIsKeyedByTheAd) {
  const auto record = record_of("k-1", "what the client sent\xff");
  EXPECT_EQ(record.topic, "ads");
  EXPECT_EQ(record.key, kAd);
  EXPECT_EQ(record.value, "what the client sent\xff");
  EXPECT_EQ(record.headers, (Headers{{"ce_specversion", "1.0"},
                                     {"ce_id", crypto::uuid_v5(kAd, "k-1")},
                                     {"ce_type", "ad.impression"},
                                     {"ce_source", "ads"},
                                     {"ce_subject", std::string(kAd)},
                                     {"content-type", "application/octet-stream"},
                                     {"ps_receivedat", "2023-11-14T22:13:20.123Z"}}));
}

TEST(ImpressionRecord, WithoutAKeyHasNoId) { EXPECT_EQ(id_of(std::nullopt), "none"); }

TEST(ImpressionRecord, IsOneForOneKeyOfOneAd) {
  EXPECT_EQ(id_of("k"), id_of("k"));
  EXPECT_NE(id_of("k"), id_of("K"));
  EXPECT_NE(id_of("k"), id_of("k", kOther));
  EXPECT_TRUE(is_uuid(id_of(std::string(255, '~'))));
}

}  // namespace
}  // namespace penstock
