#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <vector>

#include "common/json/value.h"
#include "ingress/signatures/stripe_signature.h"

namespace penstock {
namespace {

using std::chrono::seconds;

std::string shared_folder() {
  const char* folder = std::getenv("PENSTOCK_SHARED_DIR");
  return folder != nullptr ? folder : PENSTOCK_SOURCE_DIR "/../shared";
}

std::string body_of(json::Value vector) {
  if (const auto encoded = vector["body_base64"].string()) return *crypto::from_base64(*encoded);
  return std::string(*vector["body"].string());
}

std::vector<std::string> secrets_of(json::Value vector) {
  std::vector<std::string> secrets{std::string(*vector["secret"].string())};
  for (auto each = vector["additional_secrets"].first(); !each.absent();
       each = vector["additional_secrets"].next(each))
    secrets.emplace_back(*each.string());
  return secrets;
}

std::vector<std::string_view> signature_headers_of(json::Value vector) {
  std::vector<std::string_view> values;
  const auto headers = vector["headers"];
  for (auto each = headers.first(); !each.absent(); each = headers.next(each))
    if (each.first().string() == "Stripe-Signature") values.push_back(*each.next(each.first()).string());
  return values;
}

// As a route does it: first by the header, then by the body.
SignatureVerdict verify(const StripeSignature& signature, std::span<const std::string_view> headers,
                        std::string_view body, Timestamp now) {
  const auto verdict = signature.judge_header(headers, now);
  if (verdict != SignatureVerdict::valid) return verdict;
  return signature.signed_by_us(headers[0], body) ? SignatureVerdict::valid
                                                  : SignatureVerdict::signature_mismatch;
}

SignatureVerdict verdict_of(json::Value vector) {
  std::optional<seconds> tolerance;
  if (const auto limit = vector["tolerance"].integer()) tolerance = seconds{*limit};
  const StripeSignature signature(secrets_of(vector), tolerance);
  return verify(signature, signature_headers_of(vector), body_of(vector),
                Timestamp{seconds{*vector["now"].integer()}});
}

TEST(StripeSignature, AgreesWithEveryPublishedVector) {
  const auto path = shared_folder() + "/vectors/signatures.json";
  std::ifstream file(path);
  if (!file) {
    std::cerr << "THE SIGNATURE VECTORS ARE MISSING: " << path << "\n";
    GTEST_SKIP();
  }
  std::stringstream text;
  text << file.rdbuf();
  const auto document = json::Document::parse(text.str());
  ASSERT_TRUE(document) << document.error().detail;
  int checked = 0;
  const auto vectors = document.value().root();
  for (auto vector = vectors.first(); !vector.absent(); vector = vectors.next(vector)) {
    if (vector["scheme"].string() != "stripe") continue;
    ++checked;
    const auto verdict = verdict_of(vector);
    EXPECT_EQ(verdict == SignatureVerdict::valid, vector["expect"].string() == "accept")
        << *vector["name"].string() << ": " << to_string(verdict) << " (" << *vector["reason"].string()
        << ")";
  }
  EXPECT_GE(checked, 100);
}

constexpr std::string_view kBody = R"({"id": "evt_1"})";
const Timestamp kNow = timestamp_from_unix_ms(1'700'000'000'999);

std::string v1(std::string_view secret, std::string_view timestamp) {
  return "v1=" + crypto::to_hex(crypto::HmacSha256(secret).mac({timestamp, ".", kBody}));
}

SignatureVerdict verify(std::vector<std::string> secrets, std::string_view header) {
  const std::string_view headers[] = {header};
  return verify(StripeSignature(secrets, seconds{300}), headers, kBody, kNow);
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
