#include "ingress/doors/api_key.h"

#include <gtest/gtest.h>

#include "common/registry/api_key.h"
#include "tests/unit/signatures/heads.h"

namespace penstock {
namespace {

using registry::ApiKey;
using registry::Change;
using registry::make_api_key;
using registry::NewApiKey;
using registry::State;

class ApiKeyOfARequest : public ::testing::Test {
 protected:
  static Change setting(const NewApiKey& key, std::vector<std::string> scopes) {
    return {registry::make_key<ApiKey>(key.id),
            State::there,
            {{1}, ApiKey{"o1", "billing", std::move(scopes), key.secret_hash}}};
  }
  static http::Request request_with(const fakes::Fields& fields) {
    http::Request request;
    request.head = fakes::head_of(fields, 0);
    return request;
  }
  std::variant<KeyHolder, Refused> judge(const fakes::Fields& fields) const {
    return authenticate_api_key(request_with(fields), registry::kPaymentsConfirm, table_);
  }
  // Status and reason of one who is turned away, after a look for the secret in all that is said.
  std::pair<int, std::string_view> refusal(const fakes::Fields& fields) const {
    const auto judged = judge(fields);
    const auto* refused = std::get_if<Refused>(&judged);
    if (refused == nullptr) return {200, ""};
    const std::string said = refused->detail() + refused->answer.problem->message;
    for (const auto& [name, value] : fields) {
      if (const auto parts = registry::parse_api_key(value)) {
        EXPECT_EQ(said.find(parts->secret), std::string::npos);
      }
    }
    return {refused->answer.status, refused->reason};
  }

  using Said = std::pair<int, std::string_view>;
  const NewApiKey key_ = make_api_key();
  registry::Table table_;
};

TEST_F(ApiKeyOfARequest, NamesItsHolder) {
  table_.replace({setting(key_, {"payments:confirm", "reports:write"})});
  const auto judged = judge({{"x-api-key", key_.key}});
  ASSERT_TRUE(std::holds_alternative<KeyHolder>(judged));
  EXPECT_EQ(std::get<KeyHolder>(judged).org, "o1");
  EXPECT_EQ(std::get<KeyHolder>(judged).key_id, key_.id);
}

TEST_F(ApiKeyOfARequest, IsAskedForOnce) {
  table_.replace({setting(key_, {"payments:confirm"})});
  EXPECT_EQ(refusal({}), Said(401, "api_key_missing"));
  EXPECT_EQ(refusal({{"Authorization", "Bearer " + key_.key}}), Said(401, "api_key_missing"));
  EXPECT_EQ(refusal({{"X-API-Key", key_.key}, {"X-API-Key", key_.key}}), Said(401, "api_key_missing"));
}

TEST_F(ApiKeyOfARequest, ThatIsNoneOfOursIsUnauthorized) {
  table_.replace({setting(key_, {"payments:confirm"})});
  const auto other = make_api_key();
  EXPECT_EQ(refusal({{"X-API-Key", ""}}), Said(401, "api_key_unknown"));
  EXPECT_EQ(refusal({{"X-API-Key", "pk_live"}}), Said(401, "api_key_unknown"));
  EXPECT_EQ(refusal({{"X-API-Key", other.key}}), Said(401, "api_key_unknown"));
  table_.replace({setting({key_.id, {}, other.secret_hash}, {"payments:confirm"})});
  EXPECT_EQ(refusal({{"X-API-Key", key_.key}}), Said(401, "api_key_unknown")) << "another secret";
}

TEST_F(ApiKeyOfARequest, RevokedIsUnauthorizedFromThenOn) {
  table_.replace({setting(key_, {"payments:confirm"})});
  table_.apply({{registry::make_key<ApiKey>(key_.id), State::deleted, {{2}, {}}}});
  EXPECT_EQ(refusal({{"X-API-Key", key_.key}}), Said(401, "api_key_unknown"));
}

TEST_F(ApiKeyOfARequest, WithoutTheScopeIsForbidden) {
  table_.replace({setting(key_, {"reports:write"})});
  EXPECT_EQ(refusal({{"X-API-Key", key_.key}}), Said(403, "scope_missing"));
}

TEST_F(ApiKeyOfARequest, ThatCannotBeLookedUpIsNotTurnedAwayForGood) {
  EXPECT_EQ(refusal({{"X-API-Key", key_.key}}), Said(503, "settings_unavailable"));
  table_.replace({{registry::make_key<ApiKey>(key_.id), State::unreadable, {}}});
  EXPECT_EQ(refusal({{"X-API-Key", key_.key}}), Said(503, "settings_unavailable"));
}

}  // namespace
}  // namespace penstock
