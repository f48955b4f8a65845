#include "ingress/signatures/stripe_signature.h"

#include <gtest/gtest.h>

#include <vector>

namespace penstock {
namespace {

using std::chrono::seconds;

// As a route does it: first by the header, then by the body.
SignatureVerdict verify(const StripeSignature& signature, std::span<const std::string_view> headers,
                        std::string_view body, Timestamp now) {
  const auto verdict = signature.judge_header(headers, now);
  if (verdict != SignatureVerdict::valid) return verdict;
  return signature.signed_by_us(headers[0], body) ? SignatureVerdict::valid
                                                  : SignatureVerdict::signature_mismatch;
}

constexpr std::string_view kBody = R"({"id": "evt_1"})";
const Timestamp kNow = timestamp_from_unix_ms(1'700'000'000'999);

std::string v1(std::string_view secret, std::string_view timestamp) {
  return "v1=" + crypto::to_hex(crypto::HmacSha256(secret).mac({timestamp, ".", kBody}));
}

// However the keys are kept.
SignatureVerdict verify(std::vector<std::string> secrets, std::string_view header) {
  const std::string_view headers[] = {header};
  const auto verdict = verify(StripeSignature(secrets, seconds{300}), headers, kBody, kNow);
  const StripeSignature compact(secrets, seconds{300}, SigningKeys::Kept::bytes);
  EXPECT_EQ(verify(compact, headers, kBody, kNow), verdict);
  return verdict;
}

TEST(StripeSignature, AnyOfTheSecretsMaySign) {
  for (const auto* secret : {"whsec_live", "whsec_test", "whsec_connect"})
    EXPECT_EQ(
        verify({"whsec_live", "whsec_test", "whsec_connect"}, "t=1700000000," + v1(secret, "1700000000")),
        SignatureVerdict::valid);
  EXPECT_EQ(verify({"whsec_live", "whsec_test"}, "t=1700000000," + v1("whsec_connect", "1700000000")),
            SignatureVerdict::signature_mismatch);
}

TEST(StripeSignature, AnEmptySecretIsNeverAccepted) {
  const auto forged = "t=1700000000," + v1("", "1700000000");
  EXPECT_EQ(verify({""}, forged), SignatureVerdict::no_secret);
  EXPECT_EQ(verify({}, forged), SignatureVerdict::no_secret);
  EXPECT_EQ(verify({"whsec_live", ""}, forged), SignatureVerdict::signature_mismatch);
}

TEST(StripeSignature, ToleranceHoldsBothWaysToTheSecond) {
  EXPECT_EQ(verify({"s"}, "t=1699999700," + v1("s", "1699999700")), SignatureVerdict::valid);
  EXPECT_EQ(verify({"s"}, "t=1700000300," + v1("s", "1700000300")), SignatureVerdict::valid);
  EXPECT_EQ(verify({"s"}, "t=1699999699," + v1("s", "1699999699")),
            SignatureVerdict::timestamp_outside_tolerance);
  EXPECT_EQ(verify({"s"}, "t=1700000301," + v1("s", "1700000301")),
            SignatureVerdict::timestamp_outside_tolerance);
}

TEST(StripeSignature, SaysWhyItRefuses) {
  const auto good = v1("s", "1700000000");
  EXPECT_EQ(verify({"s"}, good), SignatureVerdict::timestamp_missing);
  EXPECT_EQ(verify({"s"}, "t=01700000000," + good), SignatureVerdict::timestamp_missing);
  EXPECT_EQ(verify({"s"}, "t=99999999999999999999," + good), SignatureVerdict::timestamp_missing);
  EXPECT_EQ(verify({"s"}, "t=1700000000,t=1700000001," + good), SignatureVerdict::timestamp_ambiguous);
  EXPECT_EQ(verify({"s"}, "t=1700000000,v0=00"), SignatureVerdict::signature_missing);
  EXPECT_EQ(verify({"s"}, "t=1700000000,v1=00"), SignatureVerdict::signature_missing);
  EXPECT_EQ(verify({"s"}, "t=1700000000,v1=" + std::string(64, '0')), SignatureVerdict::signature_mismatch);
}

TEST(StripeSignature, ATimeOrASignatureWithoutAnEqualsSignIsMalformed) {
  const auto good = "t=1700000000," + v1("s", "1700000000");
  EXPECT_EQ(verify({"s"}, good + ",v1"), SignatureVerdict::element_malformed);
  EXPECT_EQ(verify({"s"}, "v1," + good), SignatureVerdict::element_malformed);
  EXPECT_EQ(verify({"s"}, "t," + good), SignatureVerdict::element_malformed);
  EXPECT_EQ(verify({"s"}, good + ",t"), SignatureVerdict::element_malformed);
  EXPECT_EQ(verify({"s"}, good + ",v1="), SignatureVerdict::valid);
  EXPECT_EQ(verify({"s"}, good + ",v0,v11,tt,"), SignatureVerdict::valid)
      << "other schemes are not ours to judge";
}

TEST(StripeSignature, TheHeaderIsJudgedWithoutTheBody) {
  const StripeSignature signature(std::vector<std::string>{"s"}, seconds{300});
  const auto judge = [&](const std::string& header) {
    const std::string_view headers[] = {header};
    return signature.judge_header(headers, kNow);
  };
  EXPECT_EQ(judge("t=1700000000,v1=" + std::string(64, '0')), SignatureVerdict::valid);
  EXPECT_EQ(judge("t=1699999699,v1=" + std::string(64, '0')), SignatureVerdict::timestamp_outside_tolerance);
  EXPECT_EQ(judge("t=1700000000,v1=" + std::string(63, '0')), SignatureVerdict::signature_missing);
  EXPECT_EQ(judge("nonsense"), SignatureVerdict::timestamp_missing);
}

TEST(StripeSignature, SaysWhenASignatureWasMade) {
  EXPECT_EQ(signature_time("v1=00,t=1700000000"), std::chrono::sys_seconds{seconds{1'700'000'000}});
  EXPECT_EQ(signature_time("v1=00"), std::nullopt);
  EXPECT_EQ(signature_time("t=soon"), std::nullopt);
}

TEST(StripeSignature, TheNumberOfElementsIsBounded) {
  std::string header = "t=1700000000";
  for (int i = 0; i < 62; ++i) header += ",v1=" + std::string(64, '0');
  EXPECT_EQ(verify({"s"}, header + "," + v1("s", "1700000000")), SignatureVerdict::valid);
  EXPECT_EQ(verify({"s"}, header + ",x," + v1("s", "1700000000")), SignatureVerdict::header_oversized);
}

TEST(StripeSignature, NoHeaderAndTwoHeadersAreRefused) {
  const StripeSignature signature(std::vector<std::string>{"s"}, seconds{300});
  const auto good = "t=1700000000," + v1("s", "1700000000");
  const std::vector<std::string_view> twice{good, good};
  EXPECT_EQ(signature.judge_header({}, kNow), SignatureVerdict::header_missing);
  EXPECT_EQ(signature.judge_header(twice, kNow), SignatureVerdict::header_repeated);
}

}  // namespace
}  // namespace penstock
