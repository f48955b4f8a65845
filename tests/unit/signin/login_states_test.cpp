#include "ingress/signin/login_states.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/fakes/manual_clock.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

class LoginStatesTest : public testing::Test {
 protected:
  std::string taken(std::optional<std::string_view> id, std::optional<std::string_view> cookie) {
    const auto result = states_.take(id, cookie);
    if (const auto* state = std::get_if<LoginState>(&result)) return state->return_to;
    return std::string(to_string(std::get<StateError>(result)));
  }

  ManualClock clock_;
  crypto::Sealer sealer_{std::vector<std::string>{std::string(32, 'k')}};
  LoginStates states_{sealer_, clock_};
};

TEST_F(LoginStatesTest, AStateComesBackAsItWasBegun) {
  const auto begun = states_.begin("hub", "/orders");
  const auto back = states_.take(begun.id, states_.seal(begun));
  ASSERT_TRUE(std::holds_alternative<LoginState>(back));
  EXPECT_EQ(std::get<LoginState>(back), begun);
}

TEST_F(LoginStatesTest, IdNonceAndVerifierAreDrawnByLot) {
  std::set<std::string> drawn;
  for (int i = 0; i < 100; ++i) {
    const auto state = states_.begin("hub", "/");
    for (const auto& text : {state.id, state.nonce, state.code_verifier}) {
      EXPECT_EQ(text.size(), 43U);  // 256 bits; of a verifier the least that RFC 7636 allows
      drawn.insert(text);
    }
  }
  EXPECT_EQ(drawn.size(), 300U);
}

TEST_F(LoginStatesTest, TheCookieTellsNothing) {
  const auto state = states_.begin("hub", "/orders");
  const auto cookie = states_.seal(state);
  for (const auto& text : {state.id, state.nonce, state.code_verifier, state.return_to})
    EXPECT_EQ(cookie.find(text), std::string::npos);
}

TEST_F(LoginStatesTest, AStateIsGoodForTenMinutes) {
  const auto late = states_.begin("hub", "/late");
  const auto in_time = states_.begin("hub", "/in_time");
  clock_.advance(10min - 1ms);
  EXPECT_EQ(taken(in_time.id, states_.seal(in_time)), "/in_time");
  clock_.advance(1ms);
  EXPECT_EQ(taken(late.id, states_.seal(late)), "expired");
}

TEST_F(LoginStatesTest, AStateIsGoodOnce) {
  const auto state = states_.begin("hub", "/orders");
  const auto cookie = states_.seal(state);
  EXPECT_EQ(taken(state.id, cookie), "/orders");
  EXPECT_EQ(taken(state.id, cookie), "replayed");
}

TEST_F(LoginStatesTest, AStateIsGoodWithItsCookieAlone) {
  const auto mine = states_.begin("hub", "/mine");
  const auto yours = states_.begin("hub", "/yours");
  EXPECT_EQ(taken(std::nullopt, states_.seal(mine)), "missing");
  EXPECT_EQ(taken(mine.id, std::nullopt), "missing");
  EXPECT_EQ(taken("", states_.seal(mine)), "forged");
  EXPECT_EQ(taken(mine.id, states_.seal(yours)), "forged");
  EXPECT_EQ(taken(mine.id.substr(1), states_.seal(mine)), "forged");
  EXPECT_EQ(taken(mine.id, ""), "forged");
  EXPECT_EQ(taken(mine.id, std::string(5000, 'x')), "forged");
  EXPECT_EQ(taken(mine.id, states_.seal(mine)), "/mine") << "what was refused has used nothing up";
}

TEST_F(LoginStatesTest, WhatIsSealedForSomethingElseIsNoState) {
  const auto state = states_.begin("hub", "/orders");
  EXPECT_EQ(taken(state.id,
                  sealer_.seal(sealer_.open(states_.seal(state), "sign-in state").value(), "partner/acme")),
            "forged");
  const crypto::Sealer other(std::vector<std::string>{std::string(32, 'o')});
  EXPECT_EQ(taken(state.id, LoginStates(other, clock_).seal(state)), "forged");
}

TEST_F(LoginStatesTest, MemoryOfUsedStatesIsBounded) {
  const auto first = states_.begin("hub", "/");
  const auto cookie = states_.seal(first);
  EXPECT_EQ(taken(first.id, cookie), "/");
  for (int i = 0; i < 65'536; ++i) {
    const auto state = states_.begin("hub", "/");
    EXPECT_EQ(taken(state.id, states_.seal(state)), "/");
  }
  EXPECT_EQ(taken(first.id, cookie), "/") << "the oldest is forgotten first";
}

// RFC 7636, appendix B.
TEST(CodeChallenge, IsThatOfTheStandard) {
  EXPECT_EQ(code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

}  // namespace
}  // namespace penstock
