#include "ingress/claims/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fakes/manual_clock.h"

namespace penstock {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::ElementsAre;

// One ingress: what its tail tells, and what it makes of it.
class ClaimsOfAnIngress : public testing::Test {
 protected:
  ClaimsOfAnIngress() : claims_(std::make_unique<Claims>(options_, clock_, metrics_)) {}

  void reopen() { claims_ = std::make_unique<Claims>(options_, clock_, own_metrics_); }

  static Position at(std::int64_t offset, std::int32_t partition = 0) {
    return {"claims", Partition{partition}, Offset{offset}};
  }
  StoredRecord claim(std::int64_t offset, std::string key, std::string value, Milliseconds later = {}) {
    StoredRecord record;
    record.position = at(offset);
    record.appended_at = start_ + later;
    record.key = std::move(key);
    record.value = std::move(value);
    return record;
  }
  void tell(std::vector<StoredRecord> records, bool anew = false) {
    TailBatch batch;
    batch.records = std::move(records);
    batch.anew = anew;
    claims_->take(batch);
  }
  std::string found(std::string_view key) const {
    const Claim claim = claims_->find(key);
    return claim ? claim->value : "none";
  }
  // Waits for the claim at that place; what was decided stands in decided_.
  void decide(std::string key, const Position& appended) {
    claims_->decide(std::move(key), appended, [this](const Result<Claim>& claim) {
      decided_.push_back(claim ? claim.value()->value : std::string(to_string(claim.error().code)));
    });
  }

  ManualClock clock_;
  const Timestamp start_ = clock_.now();
  Metrics metrics_, own_metrics_;
  ClaimsOptions options_;
  std::unique_ptr<Claims> claims_;
  std::vector<std::string> decided_;
};

TEST_F(ClaimsOfAnIngress, TheFirstInTheLogHolds) {
  EXPECT_EQ(found("k"), "none");
  tell({claim(0, "k", "first"), claim(1, "k", "second"), claim(2, "other", "its own")});
  EXPECT_EQ(found("k"), "first");
  EXPECT_EQ(found("other"), "its own");
}

TEST_F(ClaimsOfAnIngress, AreReadyWhenTheTopicHasBeenRead) {
  EXPECT_EQ(claims_->ready().error().code, ErrorCode::unavailable);
  tell({claim(0, "k", "first")}, true);
  EXPECT_FALSE(claims_->ready()) << "there is more";
  claims_->note_contact(false);
  EXPECT_TRUE(claims_->ready()) << "that the log is away is another's to say";
  claims_->note_contact(true);
  EXPECT_FALSE(claims_->ready());
  TailBatch last;
  last.present = true;
  claims_->take(last);
  EXPECT_TRUE(claims_->ready());
  tell({claim(0, "k", "first")}, true);
  EXPECT_TRUE(claims_->ready()) << "what is read once more is known";
}

TEST_F(ClaimsOfAnIngress, WhoeverClaimedFirstEachGoesByThatClaim) {
  decide("k", at(1));
  decide("k", at(0));
  tell({claim(0, "k", "first")});
  EXPECT_THAT(decided_, ElementsAre("first"));
  tell({claim(1, "k", "second")});
  EXPECT_THAT(decided_, ElementsAre("first", "first"));
}

TEST_F(ClaimsOfAnIngress, OneThatHasBeenReadBeforeItsAppendIsAnsweredIsDecidedAtOnce) {
  tell({claim(0, "k", "first"), claim(1, "k", "second")});
  decide("k", at(1));
  EXPECT_THAT(decided_, ElementsAre("first"));
}

TEST_F(ClaimsOfAnIngress, AnotherPartitionTellsNothingOfTheOwn) {
  decide("k", at(0, 1));
  tell({claim(5, "l", "of partition 0")});
  EXPECT_TRUE(decided_.empty());
}

TEST_F(ClaimsOfAnIngress, AClaimHoldsForADay) {
  tell({claim(0, "k", "first")});
  clock_.advance(hours{24} - Milliseconds{1});
  EXPECT_EQ(found("k"), "first");
  clock_.advance(Milliseconds{1});
  EXPECT_EQ(found("k"), "none");
  tell({claim(1, "k", "next", hours{24})});
  EXPECT_EQ(found("k"), "next");
}

// Whether a claim holds follows from the log alone: ingresses whose clocks differ agree.
TEST_F(ClaimsOfAnIngress, OneThatAnotherIngressFoundTooEarlyDoesNotHold) {
  tell({claim(0, "k", "first")});
  clock_.advance(hours{24});
  ASSERT_EQ(found("k"), "none");
  claims_->let_go_of_late();
  decide("k", at(1));
  tell({claim(1, "k", "too early", hours{24} - Milliseconds{1})});
  EXPECT_THAT(decided_, ElementsAre("first"));
}

TEST_F(ClaimsOfAnIngress, ReadAnewFromTheStartTheSameHold) {
  const std::vector<StoredRecord> all = {claim(0, "k", "first"), claim(1, "k", "second"),
                                         claim(2, "k", "next", hours{24}), claim(3, "k", "late", hours{25})};
  tell(all);
  clock_.advance(hours{25});
  EXPECT_EQ(found("k"), "next");
  for (std::size_t piece = 1; piece <= all.size(); ++piece) {
    tell({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(piece)}, true);
    EXPECT_EQ(found("k"), "next");
  }
  reopen();
  tell({all.begin() + 1, all.end()}, true);
  EXPECT_EQ(found("k"), "next") << "an ingress that starts when the log has dropped the oldest";
}

TEST_F(ClaimsOfAnIngress, WhereTheTopicIsReadAnewNothingIsTakenForRead) {
  tell({claim(7, "l", "before")});
  tell({}, true);
  decide("k", at(3));
  EXPECT_TRUE(decided_.empty());
  tell({claim(3, "k", "first")});
  EXPECT_THAT(decided_, ElementsAre("first"));
}

TEST_F(ClaimsOfAnIngress, NobodyWaitsForEver) {
  decide("k", at(0));
  clock_.advance(options_.patience - Milliseconds{1});
  claims_->let_go_of_late();
  EXPECT_TRUE(decided_.empty());
  clock_.advance(Milliseconds{1});
  claims_->let_go_of_late();
  EXPECT_THAT(decided_, ElementsAre("timeout"));
}

TEST_F(ClaimsOfAnIngress, SoManyWaitAndNoMore) {
  options_.waiting_max = 2;
  reopen();
  for (std::int64_t offset = 0; offset < 3; ++offset) decide("k" + std::to_string(offset), at(offset));
  EXPECT_THAT(decided_, ElementsAre("overloaded"));
  tell({claim(0, "k0", "first")});
  decide("k2", at(2));
  EXPECT_EQ(decided_.size(), 2U) << "there is room again";
}

TEST_F(ClaimsOfAnIngress, BeyondTheirMemoryTheOldestAreDropped) {
  options_.bytes_max = 10'000;
  reopen();
  for (std::int64_t n = 0; n < 20; ++n)
    tell({claim(n, "k" + std::to_string(n), std::string(1'000, 'x'), Milliseconds{20 - n})});
  const auto known = [&](std::int64_t n) { return found("k" + std::to_string(n)) != "none"; };
  EXPECT_TRUE(known(0)) << "the youngest by its time";
  EXPECT_FALSE(known(19));
  tell({claim(20, "huge", std::string(20'000, 'x'), Milliseconds{30})});
  decide("huge", at(20));
  EXPECT_THAT(decided_, ElementsAre("unavailable"));
}

}  // namespace
}  // namespace penstock
