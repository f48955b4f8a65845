#include "deploy/standalone/send/order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config/temporary_folder.h"

namespace penstock::send {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// What `penstock send` is told, with a file that is there.
class SendOrder : public testing::Test {
 protected:
  using Options = std::map<std::string, std::vector<std::string>, std::less<>>;

  Result<Order> read(Options options) const {
    Invocation invocation;
    invocation.settings.listen = {"0.0.0.0", 8080};
    invocation.settings.stripe_webhook_secrets = {"whsec_of_stripe_1", "whsec_of_stripe_2"};
    options.try_emplace("TYPE|FILE", std::vector{file_});
    invocation.options = std::move(options);
    return read_order(invocation);
  }
  Order order(Options options) const {
    auto made = read(std::move(options));
    EXPECT_TRUE(made) << made.error().detail;
    return made ? std::move(made).value() : Order{};
  }
  std::string refusal(Options options) const {
    const auto made = read(std::move(options));
    if (made) return "accepted";
    EXPECT_EQ(made.error().code, ErrorCode::invalid);
    return made.error().detail;
  }

  TemporaryFolder folder_;
  std::string file_ = folder_.write("event.json", R"({"id":"e-17"})").string();
};

TEST_F(SendOrder, WithoutMoreItIsStripesAndGoesToTheListener) {
  const auto made = order({});
  EXPECT_EQ(made.scheme, "stripe");
  EXPECT_EQ(made.to.address, (Address{"127.0.0.1", 8080}));
  EXPECT_EQ(made.to.target, "/v1/webhook/stripe");
  EXPECT_EQ(made.secret.value, "whsec_of_stripe_1");
  EXPECT_EQ(made.scope(), "stripe");
}

TEST_F(SendOrder, APartnersGoesToThePartnersPath) {
  const auto made =
      order({{"--partner", {"acme/é"}}, {"--scheme", {"x-signature"}}, {"--secret", {"hunter2"}}});
  EXPECT_EQ(made.scheme, "x-signature");
  EXPECT_EQ(made.to.address, (Address{"127.0.0.1", 8080}));
  EXPECT_EQ(made.to.target, "/v1/webhooks/partners/acme%2f%c3%a9");
  EXPECT_EQ(made.secret.value, "hunter2");
  EXPECT_EQ(made.scope(), "partner/acme/é");
  const auto elsewhere = order({{"--partner", {"acme"}},
                                {"--scheme", {"github"}},
                                {"--secret", {"hunter2"}},
                                {"--to", {"http://127.0.0.1:81/"}}});
  EXPECT_EQ(elsewhere.to.address, (Address{"127.0.0.1", 81}));
  EXPECT_EQ(elsewhere.to.target, "/v1/webhooks/partners/acme");
}

TEST_F(SendOrder, AnOrgsGoesToItsConnector) {
  const auto made = order({{"--org", {"acme"}}, {"--secret", {"whsec_of_acme"}}});
  EXPECT_EQ(made.scheme, "stripe");
  EXPECT_EQ(made.to.target, "/v1/orgs/acme/integrations/stripe");
  EXPECT_EQ(made.secret.value, "whsec_of_acme");
  EXPECT_EQ(made.scope(), "org/acme");
  EXPECT_THAT(refusal({{"--org", {"acme"}}}), HasSubstr("--secret-file FILE")) << "the platform's is not its";
  EXPECT_THAT(refusal({{"--org", {"ACME"}}}), HasSubstr("--org: must be 1 to 64"));
  const Options acme{{"--org", {"acme"}}, {"--secret", {"whsec_of_acme"}}};
  const auto with = [&](const char* option, const std::string& value) {
    Options options = acme;
    options[option] = {value};
    return refusal(std::move(options));
  };
  EXPECT_THAT(with("--scheme", "github"), HasSubstr("--org: "));
  EXPECT_THAT(with("--to", "/v1/x"), HasSubstr("--org says the path"));
}

TEST_F(SendOrder, APathAloneIsOneOfTheListener) {
  const auto made = order({{"--to", {"/v1/orgs/o1/integrations/stripe?secret=s"}}});
  EXPECT_EQ(made.to.address, (Address{"127.0.0.1", 8080}));
  EXPECT_EQ(made.to.target, "/v1/orgs/o1/integrations/stripe?secret=s");
  EXPECT_EQ(made.scope(), "org/o1");
  EXPECT_EQ(order({{"--to", {"/v1/orgs/o1/else"}}}).scope(), "") << "whose event it is, only that door knows";
  EXPECT_EQ(order({{"--to", {"/api/webhooks/stripe"}}}).scope(), "stripe");
  EXPECT_THAT(refusal({{"--to", {"/a b"}}}), HasSubstr("--to: "));
}

TEST_F(SendOrder, ASecretOfAFileIsItsFirstLine) {
  const auto secret = folder_.write("secret", "hunter2\nmore\n").string();
  const auto made = order({{"--scheme", {"shopify"}}, {"--to", {"/x"}}, {"--secret-file", {secret}}});
  EXPECT_EQ(made.secret.value, "hunter2");
  EXPECT_EQ(made.secret.source, secret);
}

TEST_F(SendOrder, StripesSecretSignsNothingElse) {
  for (const char* scheme : {"x-signature", "standard-webhooks", "github", "shopify"})
    EXPECT_THAT(refusal({{"--scheme", {scheme}}, {"--to", {"/x"}}}), HasSubstr("--secret-file FILE"))
        << scheme;
  EXPECT_THAT(refusal({{"--scheme", {"stripe"}}, {"--partner", {"acme"}}}), HasSubstr("--secret-file FILE"));
}

TEST_F(SendOrder, WhatDoesNotFitTogetherSaysWhatToDo) {
  const Options acme{{"--partner", {"acme"}}, {"--scheme", {"x-signature"}}, {"--secret", {"hunter2"}}};
  const auto with = [&](const char* option, const std::string& value) {
    Options options = acme;
    options[option] = {value};
    return refusal(std::move(options));
  };
  EXPECT_EQ(refusal(acme), "accepted");
  EXPECT_THAT(with("--scheme", "hmac"), HasSubstr("--scheme: is not one of x-signature, "));
  EXPECT_THAT(with("--partner", ""), HasSubstr("--partner: names none"));
  EXPECT_THAT(with("--to", "/v1/x"), HasSubstr("--partner says the path"));
  EXPECT_THAT(with("--secret-file", file_), HasSubstr("--secret, --secret-file: give one"));
  EXPECT_THAT(with("--secret", ""), HasSubstr("--secret: the secret is empty"));
  EXPECT_THAT(with("TYPE|FILE", "invoice.paid"), HasSubstr("invoice.paid is an event of Stripe's"));
  EXPECT_THAT(refusal({{"--partner", {"acme"}}, {"--secret", {"hunter2"}}}), HasSubstr("--scheme NAME"));
  EXPECT_THAT(
      refusal({{"--scheme", {"standard-webhooks"}}, {"--to", {"/x"}}, {"--secret", {"whsec_hunter2"}}}),
      AllOf(HasSubstr("--secret: the secret begins with whsec_"), Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace penstock::send
