// The published vectors of all schemes, read where they are.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "common/crypto/crypto.h"
#include "common/json/value.h"
#include "ingress/signatures/schemes.h"
#include "ingress/signatures/stripe_signature.h"
#include "tests/unit/signatures/heads.h"

namespace penstock {
namespace {

using fakes::Fields;
using std::chrono::seconds;

std::string shared_folder() {
  const char* folder = std::getenv("PENSTOCK_SHARED_DIR");
  return folder != nullptr ? folder : PENSTOCK_SOURCE_DIR "/../shared";
}

// What the vectors call a scheme, and what we do.
const std::map<std::string, std::string, std::less<>> kNames{
    {"stripe", "stripe"}, {"standard-webhooks", "standard-webhooks"}, {"hmac-sha256-hex", "github"}};

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

Fields fields_of(json::Value vector) {
  Fields fields;
  const auto headers = vector["headers"];
  for (auto each = headers.first(); !each.absent(); each = headers.next(each))
    fields.emplace_back(*each.first().string(), *each.next(each.first()).string());
  return fields;
}

std::optional<seconds> tolerance_of(json::Value vector) {
  const auto limit = vector["tolerance"].integer();
  return limit ? std::optional(seconds{*limit}) : std::nullopt;
}

// As a route does it: first by the head, then by the body.
SignatureVerdict verdict_of(const SignatureScheme& scheme, json::Value vector) {
  const auto body = body_of(vector);
  const auto head = fakes::head_of(fields_of(vector), body.size());
  const auto verdict = scheme.judge_head(head, Timestamp{seconds{*vector["now"].integer()}});
  if (verdict != SignatureVerdict::valid) return verdict;
  return scheme.signed_by_us(head, body) ? SignatureVerdict::valid : SignatureVerdict::signature_mismatch;
}

void expect_agreement(const SignatureScheme& scheme, json::Value vector) {
  const auto verdict = verdict_of(scheme, vector);
  EXPECT_EQ(verdict == SignatureVerdict::valid, vector["expect"].string() == "accept")
      << *vector["name"].string() << ": " << to_string(verdict) << " (" << *vector["reason"].string() << ")";
}

TEST(SignatureVectors, EverySchemeAgreesWithEachOfThem) {
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
  std::map<std::string, int> checked;
  const auto vectors = document.value().root();
  for (auto vector = vectors.first(); !vector.absent(); vector = vectors.next(vector)) {
    const auto name = kNames.find(*vector["scheme"].string());
    ASSERT_NE(name, kNames.end()) << *vector["scheme"].string();
    const auto scheme = make_scheme(name->second, secrets_of(vector), tolerance_of(vector));
    ASSERT_TRUE(scheme) << name->second;
    expect_agreement(*scheme.value(), vector);
    if (name->second == "stripe")
      expect_agreement(StripeSignature(secrets_of(vector), tolerance_of(vector)), vector);
    ++checked[name->second];
  }
  EXPECT_GE(checked["stripe"], 100);
  EXPECT_GE(checked["standard-webhooks"], 30);
  EXPECT_GE(checked["github"], 20);
}

}  // namespace
}  // namespace penstock
