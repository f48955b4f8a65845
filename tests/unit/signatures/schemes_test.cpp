#include "ingress/signatures/schemes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <cctype>

#include "common/crypto/crypto.h"
#include "common/crypto/webhook_secret.h"
#include "ingress/signatures/standard_webhooks.h"
#include "tests/unit/signatures/heads.h"

namespace penstock {
namespace {

using fakes::Fields;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Secrets = std::vector<std::string>;

// The code that GitHub's documentation gives for this body and secret, in the forms of all.
constexpr std::string_view kBody = "Hello, World!";
const std::string kSecret = "It's a Secret to Everybody";
const std::string kHex = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
const std::string kBase64 = "dXEH6g6yUJ/CESIczphLijdXC211hsIsRvQ3nIsEPhc=";
const Timestamp kNow = timestamp_from_unix_ms(1'700'000'000'999);

// As a route does it: first by the head, then by the body.
SignatureVerdict verify(std::string_view scheme, const Secrets& secrets, const Fields& fields,
                        std::string_view body = kBody) {
  const auto made = make_scheme(scheme, secrets, seconds{300});
  if (!made) return SignatureVerdict::no_secret;
  const auto head = fakes::head_of(fields, body.size());
  const auto verdict = made.value()->judge_head(head, kNow);
  if (verdict != SignatureVerdict::valid) return verdict;
  return made.value()->signed_by_us(head, body) ? SignatureVerdict::valid
                                                : SignatureVerdict::signature_mismatch;
}

struct OneHeader {
  const char* scheme;
  const char* field;
  std::string good;
  std::string wrong;  // of the right form
};
const OneHeader kOneHeader[] = {
    {"x-signature", "X-Signature", kHex, std::string(64, '0')},
    {"github", "X-Hub-Signature-256", "sha256=" + kHex, "sha256=" + std::string(64, '0')},
    {"shopify", "X-Shopify-Hmac-Sha256", kBase64, std::string(43, 'A') + "="}};

TEST(BodyCodeSchemes, TakeTheirOwnForm) {
  for (const auto& [scheme, field, good, wrong] : kOneHeader) {
    EXPECT_EQ(verify(scheme, {kSecret}, {{field, good}}), SignatureVerdict::valid) << scheme;
    EXPECT_EQ(verify(scheme, {kSecret}, {{field, wrong}}), SignatureVerdict::signature_mismatch) << scheme;
    EXPECT_EQ(verify(scheme, {kSecret}, {{field, good}}, "Hello, World"),
              SignatureVerdict::signature_mismatch)
        << scheme;
  }
}

TEST(BodyCodeSchemes, AnyOfTheSecretsMaySign) {
  for (const auto& [scheme, field, good, wrong] : kOneHeader) {
    EXPECT_EQ(verify(scheme, {"old", kSecret}, {{field, good}}), SignatureVerdict::valid) << scheme;
    EXPECT_EQ(verify(scheme, {kSecret, "new"}, {{field, good}}), SignatureVerdict::valid) << scheme;
    EXPECT_EQ(verify(scheme, {"old", "new"}, {{field, good}}), SignatureVerdict::signature_mismatch)
        << scheme;
  }
}

TEST(BodyCodeSchemes, TheHeaderMustBeThereOnce) {
  for (const auto& [scheme, field, good, wrong] : kOneHeader) {
    EXPECT_EQ(verify(scheme, {kSecret}, {}), SignatureVerdict::header_missing) << scheme;
    for (const auto& [other, other_field, its_good, its_wrong] : kOneHeader)
      if (other_field != field) {
        EXPECT_EQ(verify(scheme, {kSecret}, {{other_field, its_good}}), SignatureVerdict::header_missing)
            << scheme;
      }
    for (const auto& second : {good, wrong})
      EXPECT_EQ(verify(scheme, {kSecret}, {{field, good}, {field, second}}),
                SignatureVerdict::header_repeated)
          << scheme;
  }
}

TEST(BodyCodeSchemes, NoOtherFormCounts) {
  for (const auto& [scheme, field, good, wrong] : kOneHeader)
    for (const std::string& value : {std::string(), good + good, " " + good, good + " ", good.substr(1),
                                     good + "0", good + "," + good, "v1=" + good, good.substr(0, 8)})
      EXPECT_EQ(verify(scheme, {kSecret}, {{field, value}}), SignatureVerdict::signature_missing)
          << scheme << ": " << value;
  EXPECT_EQ(verify("x-signature", {kSecret}, {{"X-Signature", "sha256=" + kHex}}),
            SignatureVerdict::signature_missing);
  EXPECT_EQ(verify("github", {kSecret}, {{"X-Hub-Signature-256", kHex}}),
            SignatureVerdict::signature_missing);
}

TEST(BodyCodeSchemes, OnlyXSignatureTakesUpperCaseDigits) {
  std::string upper = kHex;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(verify("x-signature", {kSecret}, {{"X-Signature", upper}}), SignatureVerdict::valid);
  EXPECT_EQ(verify("github", {kSecret}, {{"X-Hub-Signature-256", "sha256=" + upper}}),
            SignatureVerdict::signature_missing);
}

TEST(BodyCodeSchemes, OnlyGitHubSignsNoEmptyBody) {
  const auto code = crypto::hmac_sha256(kSecret, {});
  const std::string bytes(code.begin(), code.end());
  EXPECT_EQ(verify("x-signature", {kSecret}, {{"X-Signature", crypto::to_hex(code)}}, ""),
            SignatureVerdict::valid);
  EXPECT_EQ(verify("shopify", {kSecret}, {{"X-Shopify-Hmac-Sha256", crypto::to_base64(bytes)}}, ""),
            SignatureVerdict::valid);
  const Fields github{{"X-Hub-Signature-256", "sha256=" + crypto::to_hex(code)}};
  EXPECT_EQ(verify("github", {kSecret}, github, ""), SignatureVerdict::body_empty);
  const auto made = make_scheme("github", Secrets{kSecret}, std::nullopt);
  EXPECT_FALSE(made.value()->signed_by_us(fakes::head_of(github, 1), "")) << "whatever the head announced";
}

std::string sw_code(std::string_view key, std::string_view id, std::string_view timestamp) {
  const auto code = crypto::hmac_sha256(key, {id, ".", timestamp, ".", kBody});
  return "v1," + crypto::to_base64({reinterpret_cast<const char*>(code.data()), code.size()});
}

Fields sw_fields(const std::string& signature, const std::string& timestamp = "1700000000") {
  return {{"webhook-id", "msg_1"}, {"webhook-timestamp", timestamp}, {"webhook-signature", signature}};
}

SignatureVerdict verify_sw(const Secrets& secrets, const Fields& fields) {
  return verify("standard-webhooks", secrets, fields);
}

TEST(StandardWebhooks, APrefixedSecretIsDecodedAndAnyOtherIsTakenAsItStandsToo) {
  const std::string key = "0123456789abcdef01234567";
  const std::string encoded = crypto::to_base64(key);
  EXPECT_THAT(crypto::standard_webhooks_keys("whsec_" + encoded), ElementsAre(key));
  EXPECT_THAT(crypto::standard_webhooks_keys(encoded), ElementsAre(encoded, key));
  EXPECT_THAT(crypto::standard_webhooks_keys("not base64"), ElementsAre("not base64"));
  for (const char* none : {"", "whsec_", "whsec_not base64", "whsec_YQ", "whsec_YR=="})
    EXPECT_THAT(crypto::standard_webhooks_keys(none), IsEmpty()) << none;
  for (const auto& secret : {"whsec_" + encoded, encoded, key})
    EXPECT_EQ(verify_sw({"other", secret}, sw_fields(sw_code(key, "msg_1", "1700000000"))),
              SignatureVerdict::valid)
        << secret;
  EXPECT_EQ(verify_sw({"whsec_" + encoded}, sw_fields(sw_code("whsec_" + encoded, "msg_1", "1700000000"))),
            SignatureVerdict::signature_mismatch);
}

TEST(StandardWebhooks, ToleranceHoldsBothWaysToTheSecond) {
  const auto at = [](const std::string& timestamp) {
    return verify_sw({"s"}, sw_fields(sw_code("s", "msg_1", timestamp), timestamp));
  };
  EXPECT_EQ(at("1699999700"), SignatureVerdict::valid);
  EXPECT_EQ(at("1700000300"), SignatureVerdict::valid);
  EXPECT_EQ(at("1699999699"), SignatureVerdict::timestamp_outside_tolerance);
  EXPECT_EQ(at("1700000301"), SignatureVerdict::timestamp_outside_tolerance);
}

TEST(StandardWebhooks, SaysWhyItRefuses) {
  const auto good = sw_code("s", "msg_1", "1700000000");
  const Fields whole = sw_fields(good);
  const auto without = [&](std::size_t at) {
    Fields fields = whole;
    fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(at));
    return verify_sw({"s"}, fields);
  };
  EXPECT_EQ(without(0), SignatureVerdict::id_missing);
  EXPECT_EQ(without(1), SignatureVerdict::timestamp_missing);
  EXPECT_EQ(without(2), SignatureVerdict::header_missing);
  for (const auto& field : whole) {
    Fields twice = whole;
    twice.push_back(field);
    EXPECT_EQ(verify_sw({"s"}, twice), SignatureVerdict::header_repeated) << field.first;
  }
  EXPECT_EQ(verify_sw({"s"}, sw_fields(good, "01700000000")), SignatureVerdict::timestamp_missing);
  EXPECT_EQ(verify_sw({"s"}, sw_fields("v2" + good.substr(2))), SignatureVerdict::signature_missing);
  EXPECT_EQ(verify_sw({"s"}, sw_fields("v1," + std::string(43, 'A') + "=")),
            SignatureVerdict::signature_mismatch);
  EXPECT_EQ(verify_sw({"whsec_", ""}, whole), SignatureVerdict::no_secret);
}

TEST(StandardWebhooks, TheNumberOfSignaturesIsBounded) {
  const auto good = sw_code("s", "msg_1", "1700000000");
  std::string others;
  for (int i = 0; i < 63; ++i) others += "v1," + std::string(43, 'A') + "= ";
  EXPECT_EQ(verify_sw({"s"}, sw_fields(others + good)), SignatureVerdict::valid);
  EXPECT_EQ(verify_sw({"s"}, sw_fields(others + "x " + good)), SignatureVerdict::header_oversized);
}

// Another case of a hexadecimal digit aside, which X-Signature takes for the same.
TEST(Schemes, NoOtherCharacterAnywhereInAHeaderVerifies) {
  const auto t = std::string("1700000000");
  const std::pair<const char*, Fields> signed_by[] = {
      {"x-signature", {{"X-Signature", kHex}}},
      {"github", {{"X-Hub-Signature-256", "sha256=" + kHex}}},
      {"shopify", {{"X-Shopify-Hmac-Sha256", kBase64}}},
      {"stripe",
       {{"Stripe-Signature",
         "t=" + t + ",v1=" + crypto::to_hex(crypto::hmac_sha256(kSecret, {t, ".", kBody}))}}},
      {"standard-webhooks", sw_fields(sw_code(kSecret, "msg_1", t))}};
  constexpr std::string_view kOthers("0a9fZ/+=,. \0\xe9", 13);
  for (const auto& [scheme, fields] : signed_by) {
    ASSERT_EQ(verify(scheme, {kSecret}, fields), SignatureVerdict::valid) << scheme;
    for (std::size_t field = 0; field < fields.size(); ++field)
      for (std::size_t at = 0; at < fields[field].second.size(); ++at)
        for (const char other : kOthers) {
          Fields changed = fields;
          char& c = changed[field].second[at];
          if (std::tolower(c) == std::tolower(other)) continue;
          c = other;
          ASSERT_NE(verify(scheme, {kSecret}, changed), SignatureVerdict::valid)
              << scheme << ": " << changed[field].second;
        }
  }
}

TEST(Schemes, AnEmptySecretIsNeverAccepted) {
  const auto code = crypto::to_hex(crypto::hmac_sha256("", {kBody}));
  EXPECT_EQ(verify("x-signature", {""}, {{"X-Signature", code}}), SignatureVerdict::no_secret);
  EXPECT_EQ(verify("x-signature", {}, {{"X-Signature", code}}), SignatureVerdict::no_secret);
  EXPECT_EQ(verify("x-signature", {"", "s"}, {{"X-Signature", code}}), SignatureVerdict::signature_mismatch);
  EXPECT_EQ(verify_sw({""}, sw_fields(sw_code("", "msg_1", "1700000000"))), SignatureVerdict::no_secret);
}

TEST(Schemes, AreThoseOfTheContract) {
  EXPECT_THAT(scheme_names(), ElementsAre("x-signature", "standard-webhooks", "stripe", "github", "shopify"));
  const auto made = make_scheme("github2", Secrets{kSecret}, std::nullopt);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::invalid);
  EXPECT_EQ(made.error().detail, "is not one of x-signature, standard-webhooks, stripe, github, shopify");
}

TEST(Schemes, SayWhatIsNoSecretWithoutRepeatingIt) {
  for (const auto name : scheme_names()) {
    EXPECT_TRUE(check_scheme_secret(name, "hunter2")) << name;
    EXPECT_TRUE(check_scheme_secret(name, std::string(512, 's'))) << name;
    EXPECT_FALSE(check_scheme_secret(name, std::string(513, 's'))) << name;
    EXPECT_FALSE(check_scheme_secret(name, "")) << name;
  }
  EXPECT_TRUE(check_scheme_secret("x-signature", "whsec_hunter2"));
  const auto refused = check_scheme_secret("standard-webhooks", "whsec_hunter2");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, AllOf(HasSubstr("base64"), Not(HasSubstr("hunter2"))));
  EXPECT_FALSE(check_scheme_secret("none", "hunter2"));
}

// Sanitizers have an allocator of their own, which tells nothing here.
TEST(Schemes, AHundredThousandWithTwoSecretsEachAreSmall) {
  constexpr std::size_t kSchemes = 100'000;
  for (const auto name : scheme_names()) {
    std::vector<std::unique_ptr<const SignatureScheme>> all;
    all.reserve(kSchemes);
    const Secrets secrets{"whsec_" + crypto::to_base64(std::string(24, 'a')), std::string(32, 'b')};
    const auto before = ::mallinfo2().uordblks;
    for (std::size_t i = 0; i < kSchemes; ++i)
      all.push_back(make_scheme(name, secrets, seconds{300}).value());
    const auto each = (::mallinfo2().uordblks - before) / kSchemes;
    EXPECT_LE(each, 512U) << name;
    RecordProperty(std::string(name) + "_bytes", static_cast<int>(each));
  }
}

}  // namespace
}  // namespace penstock
