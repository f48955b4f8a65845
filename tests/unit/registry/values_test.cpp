#include "common/registry/values.h"

#include <gtest/gtest.h>

#include "common/registry/sealed.h"

namespace penstock::registry {
namespace {

const Partner kPartner{"o1", false, "github", {"a secret", "another"}};

TEST(SettingValues, EachKindComesBackAsItWas) {
  const std::pair<std::string, Values> all[] = {
      {make_key<Partner>("acme"), kPartner},
      {make_key<App>("shop"), App{true, "https://shop.example/hook", "whsec_x"}},
      {make_key<ApiKey>("0123456789abcdef"), ApiKey{"o1", "reports", {"reports:write"}, "ff"}},
      {make_key<Ban>("github/123"), Ban{"spam"}},
      {make_key<Ban>("github/124"), Ban{}}};
  for (const auto& [key, value] : all) {
    const Setting setting{{7}, value};
    const auto back = decode(key, encode(setting));
    ASSERT_TRUE(back) << key;
    EXPECT_EQ(back.value(), setting) << key;
    const Setting deleted{{8}, std::nullopt};
    EXPECT_EQ(decode(key, encode(deleted)).value(), deleted) << key;
  }
}

TEST(SettingValues, AKindOfAnotherVersionIsInvalidAndDamageIsCorrupt) {
  EXPECT_EQ(decode("moon/1", encode({{1}, kPartner})).error().code, ErrorCode::invalid);
  for (const char* text : {"", "{", "[]", R"({"value":null})", R"({"revision":"1","value":null})",
                           R"({"revision":1,"value":{"org":"o1"}})"})
    EXPECT_EQ(decode("partner/acme", text).error().code, ErrorCode::corrupt) << text;
}

TEST(SettingValues, ASealedOneOpensUnderItsOwnKeyAlone) {
  const crypto::Sealer sealer(std::vector<std::string>{std::string(32, 'k')});
  const std::string sealed = seal_setting(sealer, "partner/acme", {{1}, kPartner});
  EXPECT_EQ(sealed.find("secret"), std::string::npos);
  EXPECT_TRUE(open_setting(sealer, "partner/acme", sealed));
  EXPECT_EQ(open_setting(sealer, "partner/other", sealed).error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace penstock::registry
