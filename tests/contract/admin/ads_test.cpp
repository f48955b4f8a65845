// Ads as operators say and read them, on both stores.
#include <gmock/gmock.h>

#include "common/crypto/crypto.h"
#include "ingress/doors/ads/impression_record.h"
#include "tests/contract/admin/admin_fixture.h"
#include "workers/domain/ads/ads.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kAd = "0f8fad5b-d9cb-469f-a165-70867728950e";
const std::string kPath = "/v1/ads/" + kAd;

class AdsApi : public AdminTest, public ::testing::WithParamInterface<std::string> {
 protected:
  AdsApi() : AdminTest(GetParam()) {}

  // As the door and a worker together: so many impressions in one batch.
  void show(std::int64_t count, const std::string& ad = kAd) {
    std::vector<Incoming> batch;
    for (; count > 0; --count) {
      auto record = impression_record(ad, std::nullopt, "", Catalogue::builtin(), clock_.now());
      batch.push_back(identify(
          {{"ads", Partition{0}, Offset{next_offset_++}}, clock_.now(), record.key, "", record.headers}));
    }
    const BatchContext context{*store_,         clock_,
                               sources_,        policy_,
                               worker_metrics_, [](const std::vector<Incoming*>&) -> Status { return ok(); }};
    ASSERT_TRUE(apply_batch(context, batch));
  }
  Reply put_ad(const std::string& body) { return put(kPath, body); }
  // What is shown of the ad: status and why, impressions and spend.
  std::string standing() {
    const Reply ad = get(kPath);
    return text_of(ad["status"]) + " " + text_of(ad["paused_reason"]) + " " +
           std::to_string(ad["impressions"].integer().value_or(-1)) + " " +
           std::to_string(ad["spend"].integer().value_or(-1));
  }
  std::vector<std::string> listed(const std::string& query) {
    std::vector<std::string> ids;
    const Reply reply = get("/v1/ads" + query);
    EXPECT_EQ(reply.status, 200);
    for (auto each = reply.data().first(); !each.absent(); each = reply.data().next(each))
      ids.push_back(text_of(each["id"]));
    return ids;
  }

 private:
  std::int64_t next_offset_ = 0;
};
PENSTOCK_EVERY_STORE(AdsApi);

TEST_P(AdsApi, AnAdIsAsItWasSaid) {
  EXPECT_EQ(get(kPath).status, 404);
  const Reply said =
      put_ad(R"({"name":"A banner","budget":5000000,"cost_per_impression":2500,"currency":"usd"})");
  EXPECT_EQ(said.status, 200);
  for (const Reply& ad : {said, get(kPath)}) {
    EXPECT_EQ(text_of(ad["id"]), kAd);
    EXPECT_EQ(text_of(ad["name"]), "A banner");
    EXPECT_EQ(ad["budget"].integer(), 5'000'000);
    EXPECT_EQ(ad["cost_per_impression"].integer(), 2500);
    EXPECT_EQ(text_of(ad["currency"]), "usd");
    EXPECT_EQ(ad["impressions"].integer(), 0);
    EXPECT_TRUE(ad["paused_at"].is_null());
    EXPECT_TRUE(text_of(ad["updated_by"]).starts_with("admin:"));
  }
  EXPECT_EQ(standing(), "active  0 0");
}

TEST_P(AdsApi, ImpressionsCostUntilTheBudgetAndARaisedOneResumes) {
  put_ad(R"({"budget":100,"cost_per_impression":30,"currency":"usd"})");
  show(3);
  EXPECT_EQ(standing(), "active  3 90");
  show(3);
  EXPECT_EQ(standing(), "paused budget 6 100");
  EXPECT_EQ(text_of(get(kPath)["paused_at"]), "2025-07-25T17:12:41Z");
  EXPECT_EQ(text_of(get(kPath)["updated_by"]), "ads:ads-0-5");
  put_ad(R"({"budget":1000,"cost_per_impression":30,"currency":"usd"})");
  EXPECT_EQ(standing(), "active  6 180");
}

TEST_P(AdsApi, AManualPauseStaysUntilItIsTakenBack) {
  put_ad(R"({"budget":100,"cost_per_impression":30,"currency":"usd","status":"paused"})");
  EXPECT_EQ(standing(), "paused manual 0 0");
  put_ad(R"({"budget":1000,"cost_per_impression":30,"currency":"usd"})");
  EXPECT_EQ(standing(), "paused manual 0 0");
  put_ad(R"({"budget":1000,"cost_per_impression":30,"currency":"usd","status":"active"})");
  EXPECT_EQ(standing(), "active  0 0");
}

TEST_P(AdsApi, TheCurrencyOfWhatWasShownIsFixed) {
  put_ad(R"({"budget":100,"cost_per_impression":30,"currency":"usd"})");
  EXPECT_EQ(put_ad(R"({"budget":100,"cost_per_impression":30,"currency":"eur"})").status, 200);
  show(1);
  const Reply refused = put_ad(R"({"budget":900,"cost_per_impression":30,"currency":"usd"})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.type(), "currency_fixed");
  EXPECT_FALSE(refused.fields()["/currency"].absent());
  EXPECT_EQ(get(kPath)["budget"].integer(), 100);
}

TEST_P(AdsApi, WhatIsWrongIsNamed) {
  const Reply refused = put_ad(
      R"({"name":"","budget":-1,"cost_per_impression":"30","currency":"USD","status":"stopped","impressions":0})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(text_of(refused.fields()["/name"]), "must be a string of 1 to 255 bytes");
  EXPECT_EQ(text_of(refused.fields()["/budget"]), "must not be negative");
  EXPECT_EQ(text_of(refused.fields()["/cost_per_impression"]), "must be a whole number");
  EXPECT_EQ(text_of(refused.fields()["/currency"]), "must be a lower-case ISO code");
  EXPECT_EQ(text_of(refused.fields()["/status"]), "must be one of: active paused");
  EXPECT_EQ(text_of(refused.fields()["/impressions"]), "is no field of this resource");

  const Reply empty = put_ad("{}");
  EXPECT_EQ(empty.status, 400);
  for (const char* field : {"/budget", "/cost_per_impression", "/currency"})
    EXPECT_EQ(text_of(empty.fields()[field]), "is required") << field;

  const std::string terms = R"({"budget":1,"cost_per_impression":1,"currency":"usd"})";
  for (const std::string id : {"ad_1", "0F8FAD5B-D9CB-469F-A165-70867728950E"}) {
    const Reply odd = put("/v1/ads/" + id, terms);
    EXPECT_EQ(odd.status, 400) << id;
    EXPECT_FALSE(odd.fields()["/id"].absent()) << id;
  }
  EXPECT_EQ(put(kPath + "?force=true", terms).status, 400);
  EXPECT_EQ(put(kPath, terms, "text/plain").status, 415);
  EXPECT_EQ(put_ad(R"({"budget":9223372036854775808,"cost_per_impression":1,"currency":"usd"})").status, 400);
  EXPECT_EQ(get(kPath).status, 404) << "nothing was left behind";
}

TEST_P(AdsApi, AnAdIsListedByItsStatusOnceItIsRegistered) {
  std::vector<std::string> ids;
  for (int n = 0; n < 5; ++n) {
    ids.push_back(crypto::uuid_v5(kAd, std::to_string(n)));
    clock_.advance(Milliseconds{1});
    put("/v1/ads/" + ids.back(), n % 2 == 0 ? R"({"budget":9,"cost_per_impression":1,"currency":"usd"})"
                                            : R"({"budget":0,"cost_per_impression":1,"currency":"usd"})");
  }
  show(1, kAd);
  EXPECT_THAT(listed(""), ElementsAre(ids[4], ids[3], ids[2], ids[1], ids[0]));
  EXPECT_THAT(listed("?order=asc&status=active"), ElementsAre(ids[0], ids[2], ids[4]));
  EXPECT_THAT(listed("?status=paused"), ElementsAre(ids[3], ids[1]));
  const std::string next = text_of(get("/v1/ads?limit=3&status=active&order=asc")["next_cursor"]);
  EXPECT_THAT(next, IsEmpty());
  const std::string cursor = text_of(get("/v1/ads?limit=2")["next_cursor"]);
  EXPECT_THAT(listed("?limit=2&cursor=" + cursor), ElementsAre(ids[2], ids[1]));
  EXPECT_EQ(get("/v1/ads?status=ended").status, 400);
  EXPECT_EQ(get("/v1/ads?budget=9").status, 400);
  EXPECT_EQ(get(kPath).status, 404) << "shown, and never registered";
  put_ad(R"({"budget":9,"cost_per_impression":1,"currency":"usd"})");
  EXPECT_EQ(standing(), "active  1 1");
}

}  // namespace
}  // namespace penstock
