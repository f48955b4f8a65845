#include "ingress/identity_providers/id_token.h"

#include <gtest/gtest.h>

#include "common/crypto/crypto.h"
#include "ingress/identity_providers/key_set.h"
#include "tests/unit/identity_providers/signing_key.h"

namespace penstock {
namespace {

constexpr std::string_view kRight =
    R"({"iss":"https://idp","aud":"us","sub":"17","nonce":"n1","iat":1000,"exp":1060})";

std::string with(std::string_view claims, std::string_view from, std::string_view to) {
  std::string text(claims);
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

class IdTokenTest : public testing::Test {
 protected:
  KeySet keys(const std::string& list) const {
    return KeySet::read(json::Document::parse("{\"keys\":[" + list + "]}").value().root()).value();
  }

  std::string judged_token(const std::string& text, std::int64_t now_s = 1000) const {
    const auto token = parse_id_token(text);
    if (!token) return token.error().detail;
    const auto identity = verify_id_token(token.value(), keys(key_.jwk()).candidates(token.value()),
                                          {"https://idp", "us", "n1", timestamp_from_unix_ms(now_s * 1000)});
    EXPECT_TRUE(identity || identity.error().error == ProviderError::token_rejected);
    return identity ? identity.value().subject : identity.error().detail;
  }
  std::string judged(const std::string& claims, std::int64_t now_s = 1000) const {
    return judged_token(key_.sign(claims), now_s);
  }

  SigningKey key_{"k1"};
  SigningKey other_{"k2"};
};

TEST_F(IdTokenTest, TellsWhoHasSignedIn) { EXPECT_EQ(judged(std::string(kRight)), "17"); }

TEST_F(IdTokenTest, IsOfTheIssuerForUs) {
  EXPECT_EQ(judged(with(kRight, "https://idp", "https://idp/")), "id_token: of another issuer");
  EXPECT_EQ(judged(with(kRight, R"("us")", R"("them")")), "id_token: for somebody else");
  EXPECT_EQ(judged(with(kRight, R"("us")", R"(["us"])")), "17");
  EXPECT_EQ(judged(with(kRight, R"("us")", R"([])")), "id_token: for somebody else");
  EXPECT_EQ(judged(with(kRight, R"("us")", R"(["us","them"])")), "id_token: for somebody else");
  EXPECT_EQ(judged(with(kRight, R"("us")", R"(["us","them"],"azp":"us")")), "17");
  EXPECT_EQ(judged(with(kRight, R"("us")", R"(["us","them"],"azp":"them")")), "id_token: for somebody else");
  EXPECT_EQ(judged(with(kRight, R"("us")", R"("us","azp":"them")")), "id_token: for somebody else");
}

TEST_F(IdTokenTest, IsOfNowWithinAMinute) {
  EXPECT_EQ(judged(std::string(kRight), 1119), "17");
  EXPECT_EQ(judged(std::string(kRight), 1120), "id_token: expired");
  EXPECT_EQ(judged(std::string(kRight), 940), "17");
  EXPECT_EQ(judged(std::string(kRight), 939), "id_token: of a time to come");
  EXPECT_EQ(judged(with(kRight, R"("iat":1000)", R"("iat":1000,"nbf":1061)")), "id_token: not valid yet");
  EXPECT_EQ(judged(with(kRight, R"(,"exp":1060)", "")), "id_token: without exp or iat");
  EXPECT_EQ(judged(with(kRight, R"("iat":1000)", R"("iat":"1000")")), "id_token: without exp or iat");
}

TEST_F(IdTokenTest, IsOfThisSignIn) {
  EXPECT_EQ(judged(with(kRight, R"("n1")", R"("n2")")),
            "id_token: of another sign-in: its nonce is not ours");
  EXPECT_EQ(judged(with(kRight, R"("nonce":"n1",)", "")),
            "id_token: of another sign-in: its nonce is not ours");
}

TEST_F(IdTokenTest, NamesSomebody) {
  for (const auto& subject :
       std::vector<std::string>{R"("")", "17", "null", "\"" + std::string(256, 's') + "\""})
    EXPECT_EQ(judged(with(kRight, R"("17")", subject)), "id_token: without a subject") << subject;
}

TEST_F(IdTokenTest, IsSignedWithTheProvidersKey) {
  EXPECT_EQ(judged_token(other_.sign(std::string(kRight))),
            "id_token: by a key that the provider does not have");
  EXPECT_EQ(judged_token(other_.sign(std::string(kRight), "k1")),
            "id_token: not signed with the provider's key");
}

TEST_F(IdTokenTest, IsSignedByNoOtherKindOfAlgorithm) {
  const auto with_header = [&](std::string_view header, std::string_view signature) {
    return crypto::to_base64url(header) + "." + crypto::to_base64url(kRight) + "." + std::string(signature);
  };
  const std::string not_taken = "id_token: by an algorithm that is not taken";
  EXPECT_EQ(judged_token(with_header(R"({"alg":"none"})", "")), not_taken);
  EXPECT_EQ(judged_token(with_header(R"({"alg":"nOnE"})", "")), not_taken);
  EXPECT_EQ(judged_token(jose::sign(jose::Key::of_secret(std::string(32, 's')), kRight)), not_taken);
  EXPECT_EQ(judged_token(""), "id_token: not of three parts");
}

TEST_F(IdTokenTest, AnAddressThatIsNotVerifiedIsNone) {
  const auto email = [](std::string_view claims) {
    ProviderIdentity identity;
    take_profile(identity, json::Document::parse(claims).value().root());
    return identity.email.value_or("none");
  };
  EXPECT_EQ(email(R"({"email":"a@b","email_verified":true})"), "a@b");
  EXPECT_EQ(email(R"({"email":"a@b"})"), "a@b");
  EXPECT_EQ(email(R"({"email":"a@b","email_verified":false})"), "none");
  EXPECT_EQ(email(R"({"email":7})"), "none");
}

TEST_F(IdTokenTest, OfTheKeysThoseAreTriedThatMayHaveSigned) {
  const auto count = [&](const std::string& list, const std::string& token) {
    return keys(list).candidates(parse_id_token(token).value()).size();
  };
  const auto one = key_.jwk(), two = other_.jwk();
  const auto token = key_.sign(std::string(kRight));
  EXPECT_EQ(count(one + "," + two, token), 1U);
  EXPECT_EQ(count(one + "," + one, token), 2U);
  EXPECT_EQ(count(two, token), 0U);
  EXPECT_EQ(count(with(one, "{", R"({"use":"enc",)"), token), 0U);
  EXPECT_EQ(count(with(one, "{", R"({"alg":"ES384",)"), token), 0U);
  EXPECT_EQ(count("7,{}," + with(one, "{", R"({"use":"sig","alg":"ES256",)"), token), 1U);
  EXPECT_FALSE(KeySet::read(json::Document::parse(R"({"keys":{}})").value().root()));
}

}  // namespace
}  // namespace penstock
