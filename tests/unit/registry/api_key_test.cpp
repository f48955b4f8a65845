#include "common/registry/api_key.h"

#include <gtest/gtest.h>

namespace penstock::registry {
namespace {

TEST(ApiKeys, AreMadeOnceAndRecognised) {
  const auto made = make_api_key(), another = make_api_key();
  EXPECT_NE(made.key, another.key);
  const auto parts = parse_api_key(made.key);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->id, made.id);
  const ApiKey kept{"o1", "n", {}, made.secret_hash};
  EXPECT_TRUE(is_secret_of(kept, parts->secret));
  EXPECT_FALSE(is_secret_of(kept, parse_api_key(another.key)->secret));
  EXPECT_EQ(made.secret_hash.find(std::string(parts->secret)), std::string::npos);
}

TEST(ApiKeys, AnyCharacterThatIsMistypedIsNoticed) {
  const auto made = make_api_key();
  for (std::size_t at = 0; at < made.key.size(); ++at) {
    std::string mistyped = made.key;
    mistyped[at] = mistyped[at] == '0' ? '1' : '0';
    EXPECT_FALSE(parse_api_key(mistyped)) << at;
  }
  for (const std::string& wrong : {std::string(), made.key + "0", made.key.substr(1), " " + made.key})
    EXPECT_FALSE(parse_api_key(wrong)) << wrong;
}

}  // namespace
}  // namespace penstock::registry
