#include "ingress/identity_providers/cached_document.h"

#include <gtest/gtest.h>

#include "tests/fakes/manual_clock.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

class CachedDocumentTest : public testing::Test {
 protected:
  using Document = CachedDocument<int>;

  // What get() has come to; "waiting" while it has not.
  std::shared_ptr<std::string> ask() {
    auto said = std::make_shared<std::string>("waiting");
    document_.get([said](const ProviderResult<Document::Value>& result) {
      *said = result ? std::to_string(*result.value()) : std::string(to_string(result.error().error));
    });
    return said;
  }
  std::shared_ptr<std::string> ask_newer(const Document::Value& known) {
    auto said = std::make_shared<std::string>("waiting");
    document_.get_newer(known, [said](const ProviderResult<Document::Value>& result) {
      *said = result ? std::to_string(*result.value()) : std::string(to_string(result.error().error));
    });
    return said;
  }
  Document::Value current() {
    Document::Value value;
    document_.get([&](const ProviderResult<Document::Value>& result) { value = result.value(); });
    return value;
  }
  void answer(ProviderResult<int> result) {
    ASSERT_TRUE(fetching_);
    std::exchange(fetching_, nullptr)(std::move(result));
  }

  ManualClock clock_;
  ProviderDone<int> fetching_;
  int fetches_ = 0;
  Document document_{{.waiting_max = 3},
                     [this](ProviderDone<int> done) {
                       ++fetches_;
                       fetching_ = std::move(done);
                     },
                     clock_};
};

TEST_F(CachedDocumentTest, IsFetchedOnceForAllWhoWaitAndThenKept) {
  const auto one = ask(), two = ask();
  answer(7);
  EXPECT_EQ(*one + *two, "77");
  clock_.advance(1h - 1ms);
  EXPECT_EQ(*ask(), "7");
  EXPECT_EQ(fetches_, 1);
  clock_.advance(1ms);
  EXPECT_EQ(*ask(), "waiting");
  EXPECT_EQ(fetches_, 2);
}

TEST_F(CachedDocumentTest, NoMoreThanSoManyWait) {
  const auto one = ask(), two = ask(), three = ask();
  EXPECT_EQ(*ask(), "overloaded");
  answer(7);
  EXPECT_EQ(*three, "7");
}

TEST_F(CachedDocumentTest, WhatCannotBeFetchedIsSaidAndFetchedAgain) {
  const auto one = ask();
  answer(ProviderFailure{ProviderError::provider_away, ""});
  EXPECT_EQ(*one, "provider_away");
  const auto two = ask();
  answer(8);
  EXPECT_EQ(*two, "8");
}

TEST_F(CachedDocumentTest, AnOldOneDoesForADayWhileItCannotBeFetched) {
  ask();
  answer(7);
  clock_.advance(24h - 1ms);
  const auto old = ask();
  answer(ProviderFailure{ProviderError::provider_away, ""});
  EXPECT_EQ(*old, "7");
  clock_.advance(1ms);
  const auto too_old = ask();
  answer(ProviderFailure{ProviderError::provider_away, ""});
  EXPECT_EQ(*too_old, "provider_away");
}

TEST_F(CachedDocumentTest, ANewerOneIsFetchedOnceInHalfAMinute) {
  ask();
  answer(7);
  const auto known = current();
  const auto newer = ask_newer(known);
  answer(8);
  EXPECT_EQ(*newer, "8");
  EXPECT_EQ(*ask_newer(known), "8") << "somebody has fetched it already";
  EXPECT_EQ(*ask_newer(current()), "8") << "and it lacked something again";
  EXPECT_EQ(fetches_, 2);
  clock_.advance(30s);
  EXPECT_EQ(*ask_newer(current()), "waiting");
}

TEST_F(CachedDocumentTest, ThatANewerOneCannotBeFetchedIsSaid) {
  ask();
  answer(7);
  const auto newer = ask_newer(current());
  answer(ProviderFailure{ProviderError::provider_away, ""});
  EXPECT_EQ(*newer, "provider_away");
  EXPECT_EQ(*ask(), "7");
}

}  // namespace
}  // namespace penstock
