// What keys name: the default org's are those of earlier versions, byte for byte, and no two scopes share one.
#include "workers/domain/event/scope.h"

#include <gtest/gtest.h>

#include <map>

#include "workers/domain/state/subscription_rows.h"
#include "workers/domain/state/user_rows.h"
#include "workers/domain/state/view.h"

namespace penstock {
namespace {

TEST(Scopes, KeysNameModeOrgAndAccount) {
  EXPECT_EQ((Scope{true, {}}.key("cs_1")), "live:cs_1");
  EXPECT_EQ((Scope{false, "acct_1"}.key("cs_1")), "test/acct_1:cs_1");
  EXPECT_EQ((Scope{true, {}, "acme"}.key("inv_1")), "live@acme:inv_1");
  EXPECT_EQ((Scope{true, "acct_1", "acme"}.key("x")), "live@acme/acct_1:x");
  EXPECT_EQ((Scope{true, {}, "acme"}.name()), "live@acme");
}

TEST(Scopes, NoTwoShareAKey) {
  std::map<std::string, std::string> seen;
  const std::optional<std::string> accounts[] = {{}, "a", "@a", "a@b", "a/b", "acme"};
  const std::optional<std::string> orgs[] = {{}, "a", "b", "acme", "live"};
  for (const bool livemode : {true, false})
    for (const auto& account : accounts)
      for (const auto& org : orgs)
        for (const std::string id : {"1", "a:1", "@a:1", "/a:1", ":1"}) {
          const std::string scope =
              std::to_string(livemode) + "|" + account.value_or("-") + "|" + org.value_or("-") + "|" + id;
          const auto [known, is_new] = seen.emplace(Scope{livemode, account, org}.key(id), scope);
          EXPECT_TRUE(is_new) << known->first << " is " << known->second << " and " << scope;
          for (const auto& [key, whose] : seen)
            EXPECT_EQ((Scope{livemode, account, org}.is_key_of(id, key)), whose == scope)
                << key << ", " << scope;
        }
}

TEST(Scopes, AKeyThatIsMadeIsFoundByWhatItIsMadeOf) {
  const HashOfKey hash;
  const SameKey same;
  for (const Scope& scope : {Scope{true}, Scope{false, "acct_1"}, Scope{true, {}, "acme"}})
    for (const std::string id : {"cs_1", "usd:u1", ""}) {
      const std::string key = scope.key(id);
      EXPECT_EQ(hash(key), hash(ScopedId{scope, id})) << key;
      EXPECT_TRUE(same(ScopedId{scope, id}, key)) << key;
      EXPECT_FALSE(same(ScopedId{Scope{false}, id}, key)) << key;
    }
}

TEST(Scopes, ARowKnowsTheScopeItWasMadeFor) {
  const Scope acme{.livemode = true, .org = "acme"}, account{true, "acct_1"};
  EXPECT_EQ(scope_of(make_row<User>(acme, "u1")), acme);
  EXPECT_EQ(scope_of(make_row<Subscription>(acme, "s")), acme);
  EXPECT_EQ(scope_of(make_row<Subscription>(account, "s")), account);
  EXPECT_EQ(acme.of_platform(), acme);
}

}  // namespace
}  // namespace penstock
