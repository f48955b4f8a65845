#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "ingress/signatures/schemes.h"
#include "ingress/signatures/stripe_signature.h"
#include "tests/unit/signatures/heads.h"

namespace penstock {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kSent = "{\n  \"id\": \"evt_1\",\n  \"object\": \"event\"\n}";
const Timestamp kNow = timestamp_from_unix_ms(1'700'000'000'999);

std::string header_of(std::string_view secret, std::string_view body, std::int64_t at = 1'700'000'000) {
  const auto t = std::to_string(at);
  return "t=" + t + ",v1=" + crypto::to_hex(crypto::HmacSha256(secret).mac({t, ".", body}));
}

// What the log says about a request with these fields and this body.
std::string explanation_by(const SignatureScheme& scheme, const fakes::Fields& fields,
                           std::string_view body) {
  const auto head = fakes::head_of(fields, body.size());
  auto verdict = scheme.judge_head(head, kNow);
  if (verdict == SignatureVerdict::valid && !scheme.signed_by_us(head, body))
    verdict = SignatureVerdict::signature_mismatch;
  return scheme.explain(verdict, head, body, kNow);
}

std::string explanation(const std::vector<std::string>& headers, std::string_view body) {
  const StripeSignature signature(std::vector<std::string>{"whsec_other", "whsec_ours"}, seconds{300});
  fakes::Fields fields;
  for (const auto& header : headers) fields.emplace_back("Stripe-Signature", header);
  return explanation_by(signature, fields, body);
}

TEST(Explain, ABodyThatWasWrittenAnewIsToldFromAWrongSecret) {
  const auto ours = header_of("whsec_ours", kSent);
  for (const char* rewritten :
       {R"({"id":"evt_1","object":"event"})", "{\"id\": \"evt_1\", \"object\": \"event\"}\n",
        "{\n    \"id\": \"evt_1\",\n    \"object\": \"event\"\n}",
        "{\n  \"id\": \"evt_1\",\n  \"object\": \"event\"\n}\n"})
    EXPECT_THAT(explanation({ours}, rewritten), StartsWith("body re-serialised: the secret is right"))
        << rewritten;
  EXPECT_THAT(explanation({header_of("whsec_theirs", kSent)}, kSent), StartsWith("wrong secret: "));
}

TEST(Explain, SaysBothWhereOneCannotBeToldFromTheOther) {
  const auto ours = header_of("whsec_ours", kSent);
  const auto reordered = explanation({ours}, R"({"object":"event","id":"evt_1"})");
  EXPECT_THAT(reordered, StartsWith("body re-serialised, or wrong secret"));
  EXPECT_THAT(explanation({ours}, "id=evt_1"), StartsWith("wrong secret, or no event of Stripe's"));
  const auto large = "[\"" + std::string(64 * 1024, 'x') + "\"]";
  EXPECT_THAT(explanation({header_of("whsec_ours", kSent)}, large), HasSubstr("too large to tell"));
}

std::string nested(std::size_t depth, const std::string& inner) {
  return std::string(depth, '[') + inner + std::string(depth, ']');
}

TEST(Explain, ABodyThatWouldGrowManyTimesOverIsNotLaidOut) {
  const auto ours = header_of("whsec_ours", kSent);
  const auto several = [](std::size_t values) {
    std::string list = "0";
    for (std::size_t i = 1; i < values; ++i) list += ",0";
    return list;
  };
  EXPECT_THAT(explanation({ours}, nested(16, "0")), HasSubstr("not as Stripe writes it"));
  EXPECT_THAT(explanation({ours}, nested(17, "0")), HasSubstr("too deep or has too many values to tell"));
  EXPECT_THAT(explanation({ours}, nested(1, several(8'191))), HasSubstr("not as Stripe writes it"));
  EXPECT_THAT(explanation({ours}, nested(1, several(8'192))), HasSubstr("too many values to tell"));
}

TEST(Explain, SaysHowFarTheClockIsOff) {
  EXPECT_THAT(explanation({header_of("whsec_ours", kSent, 1'700'000'000 - 412)}, kSent),
              StartsWith("clock off by 412 s, or an old request"));
  EXPECT_THAT(explanation({header_of("whsec_ours", kSent, 1'700'000'000 + 3'600)}, kSent),
              StartsWith("clock off by 3600 s: signed in the future"));
}

TEST(Explain, SaysWhatIsWrongWithTheHeader) {
  EXPECT_THAT(explanation({}, kSent), StartsWith("no such header"));
  const auto good = header_of("whsec_ours", kSent);
  EXPECT_THAT(explanation({good, good}, kSent), StartsWith("malformed header: more than one"));
  for (const std::string& header : {std::string("nonsense"), std::string(), good + ",v1", "t=1," + good,
                                    std::string("t=1700000000,v1=00"), good + std::string(64, ',')})
    EXPECT_THAT(explanation({header}, kSent), StartsWith("malformed header: ")) << header;
}

TEST(Explain, QuotesNothingThatWasSent) {
  for (const auto& headers : std::vector<std::vector<std::string>>{
           {}, {"t=1700000000,v1=hush"}, {header_of("hush", "hush")}, {header_of("hush", "hush", 1)}})
    EXPECT_THAT(explanation(headers, R"({"hush":"hush"})"), Not(HasSubstr("hush")));
}

std::string explanation_by(const char* scheme, const fakes::Fields& fields, std::string_view body) {
  const auto made = make_scheme(scheme, std::vector<std::string>{"ours"}, seconds{300});
  return explanation_by(*made.value(), fields, body);
}

std::string hex_code(std::string_view secret, std::string_view body) {
  return crypto::to_hex(crypto::hmac_sha256(secret, {body}));
}

TEST(Explain, ALineEndThatIsSignedAndNotSentIsToldFromAWrongSecret) {
  const auto by = [](const std::string& code, std::string_view body) {
    return explanation_by("x-signature", {{"X-Signature", code}}, body);
  };
  EXPECT_THAT(by(hex_code("ours", "{}\n"), "{}"),
              StartsWith("body changed: the secret is right, but the line end that was signed"));
  EXPECT_THAT(by(hex_code("ours", "{}"), "{}\n"),
              StartsWith("body changed: the secret is right, but a line end was sent"));
  EXPECT_THAT(by(hex_code("theirs", "{}"), "{}"), StartsWith("wrong secret, or the body was changed"));
}

TEST(Explain, EverySchemeSaysWhatIsWrongWithItsOwnHeader) {
  EXPECT_THAT(explanation_by("github", {}, kSent), HasSubstr("no X-Hub-Signature-256; not from GitHub"));
  EXPECT_THAT(explanation_by("github", {{"X-Hub-Signature-256", "sha1=00"}}, kSent),
              HasSubstr("no sha256= and 64 lower-case hex digits"));
  EXPECT_THAT(explanation_by("github", {{"X-Hub-Signature-256", "sha256=" + std::string(64, '0')}}, ""),
              StartsWith("no body: GitHub sends none that is empty"));
  EXPECT_THAT(explanation_by("shopify", {{"X-Shopify-Hmac-Sha256", "x"}}, kSent),
              HasSubstr("no base64 of 32"));
  EXPECT_THAT(explanation_by("standard-webhooks", {{"webhook-signature", "v1,x"}}, kSent),
              HasSubstr("no webhook-id"));
  EXPECT_THAT(
      explanation_by("standard-webhooks", {{"webhook-signature", "v1,x"}, {"webhook-id", "msg_1"}}, kSent),
      HasSubstr("no webhook-timestamp"));
}

TEST(Explain, ASchemeWithoutASecretSaysWhereToSetOne) {
  const StripeSignature stripe({}, seconds{300});
  EXPECT_THAT(explanation_by(stripe, {}, kSent), HasSubstr("set STRIPE_WEBHOOK_SECRET"));
  const auto made = make_scheme("github", {}, seconds{300});
  EXPECT_THAT(explanation_by(*made.value(), {}, kSent), HasSubstr("set the secret of its setting"));
}

}  // namespace
}  // namespace penstock
