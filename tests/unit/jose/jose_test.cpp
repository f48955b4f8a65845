#include "common/jose/jose.h"

#include <gtest/gtest.h>

#include "common/crypto/crypto.h"

namespace penstock::jose {
namespace {

// RFC 7515, appendix A.3.
constexpr std::string_view kEsKey =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
constexpr std::string_view kEsToken =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
// RFC 7515, appendix A.2.
constexpr std::string_view kRsKey =
    R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})";
constexpr std::string_view kRsToken =
    "eyJhbGciOiJSUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
    "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
    "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
    "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_"
    "IoypGlUPQGe77Rw";
constexpr std::string_view kPayload =
    "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

std::string payload(std::string_view token, const Key& key) {
  const auto parsed = Token::parse(token);
  if (!parsed) return "no token: " + parsed.error().detail;
  const auto text = parsed.value().verify(key);
  return text ? text.value() : "error: " + text.error().detail;
}

Key jwk(std::string_view json) { return Key::of_jwk(json).value(); }

TEST(Jose, VerifiesTheExamplesOfTheStandard) {
  EXPECT_EQ(payload(kEsToken, jwk(kEsKey)), kPayload);
  EXPECT_EQ(payload(kRsToken, jwk(kRsKey)), kPayload);
}

TEST(Jose, AKeyOfAnotherKindVerifiesNothing) {
  EXPECT_EQ(payload(kEsToken, jwk(kRsKey)), "error: the key is not for that algorithm");
  EXPECT_EQ(payload(kRsToken, jwk(kEsKey)), "error: the key is not for that algorithm");
  EXPECT_EQ(payload(kRsToken, Key::of_secret(std::string(32, 'k'))),
            "error: the key is not for that algorithm");
}

// The attack that takes a public key for the secret of HS256.
TEST(Jose, APublicKeyIsNoSecret) {
  const auto forged = sign(Key::of_secret(kRsKey), kPayload);
  EXPECT_EQ(payload(forged, jwk(kRsKey)), "error: the key is not for that algorithm");
}

TEST(Jose, AChangedPayloadIsNotSigned) {
  std::string changed(kEsToken);
  changed[kEsToken.find('.') + 1] = 'f';
  EXPECT_EQ(payload(changed, jwk(kEsKey)), "error: not signed with that key");
}

TEST(Jose, AnAlgorithmThatIsNotKnownHasNoKey) {
  for (const auto* name : {"none", "NONE", "EdDSA", "HS512", ""}) {
    const auto token =
        Token::parse(crypto::to_base64url("{\"alg\":\"" + std::string(name) + "\"}") + ".e30.");
    ASSERT_TRUE(token) << name;
    EXPECT_FALSE(token.value().algorithm()) << name;
    EXPECT_FALSE(token.value().verify(Key::of_secret(std::string(32, 'k')))) << name;
  }
}

TEST(Jose, TellsWhichKeyATokenNames) {
  const auto token = Token::parse(crypto::to_base64url(R"({"alg":"ES256","kid":"k1"})") +
                                  std::string(kEsToken.substr(kEsToken.find('.'))));
  ASSERT_TRUE(token);
  EXPECT_EQ(token.value().algorithm(), Algorithm::ES256);
  EXPECT_EQ(token.value().key_id(), "k1");
}

TEST(Jose, TakesNoWeakOrSecretKeyFromOthers) {
  for (const auto* json :
       {"", "{}", "[]", R"({"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})",
        R"({"kty":"RSA","n":"sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri","e":"AQAB"})",
        R"({"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"})",
        R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})"})
    EXPECT_FALSE(Key::of_jwk(json)) << json;
}

}  // namespace
}  // namespace penstock::jose
