#include "workers/deliveries/endpoints.h"

#include <gmock/gmock.h>

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Timestamp kNow = timestamp_from_unix_ms(1'753'463'561'000);

registry::WebhookConfig config(std::string id) {
  registry::WebhookConfig made;
  made.id = std::move(id);
  made.url = "https://receiver.example/";
  made.event_types = {"payment.*"};
  made.secrets = {{"the new secret", {}}, {"the one before", kNow + Milliseconds{1}}};
  made.rate = 5;
  return made;
}

class Endpoints : public ::testing::Test {
 protected:
  Endpoints() { table_.replace({}); }
  void put(registry::Values value, const std::string& key) {
    table_.apply({{key, registry::State::there, {{++revision_}, std::move(value)}}});
  }
  void put(std::vector<registry::WebhookConfig> all) {
    put(registry::WebhookConfigs{"acme", std::move(all)},
        registry::make_key<registry::WebhookConfigs>("acme"));
  }
  std::vector<std::string> told_of(std::string_view type, std::string_view org = "acme",
                                   const std::optional<std::string>& app = {}) {
    return endpoints_of(table_.current(), org, type, app);
  }

  registry::Table table_;
  std::int64_t revision_ = 0;
};

TEST_F(Endpoints, AreThoseOfTheOrgThatAreEnabledAndWantTheType) {
  auto off = config("off");
  off.enabled = false;
  put({config("a"), config("b"), off});
  EXPECT_THAT(told_of("payment.paid"), ElementsAre("config/acme/a", "config/acme/b"));
  EXPECT_THAT(told_of("payout.paid"), IsEmpty());
  EXPECT_THAT(told_of("payment.paid", "globex"), IsEmpty());
  EXPECT_THAT(told_of("payment.paid", "acme", "shop"), ElementsAre("app/shop"));
}

TEST_F(Endpoints, AreReachedAsTheirSettingSaysNow) {
  put({config("a")});
  const auto terms = terms_of(table_.current(), "config/acme/a", kNow);
  ASSERT_TRUE(terms);
  EXPECT_EQ(terms->url, "https://receiver.example/");
  EXPECT_THAT(terms->secrets, ElementsAre("the new secret", "the one before"));
  EXPECT_EQ(terms->concurrency, 8U);
  EXPECT_EQ(terms->rate, 5);
  EXPECT_THAT(terms_of(table_.current(), "config/acme/a", kNow + Milliseconds{1})->secrets,
              ElementsAre("the new secret"));
  put(registry::App{true, "https://shop.example/", "a secret of the app"},
      registry::make_key<registry::App>("shop"));
  EXPECT_THAT(terms_of(table_.current(), "app/shop", kNow)->secrets, ElementsAre("a secret of the app"));
}

TEST_F(Endpoints, ThatAreNotThereAreNotReached) {
  auto off = config("off");
  off.enabled = false;
  put({off});
  for (const char* name : {"config/acme/off", "config/acme/other", "config/globex/a", "config/acme",
                           "config/", "app/shop", "app/", "", "config", "other/acme/a"})
    EXPECT_FALSE(terms_of(table_.current(), name, kNow)) << name;
}

TEST_F(Endpoints, AConfigIsNamedByItsOrgAndId) {
  const std::string endpoint = config_endpoint("acme", "main");
  const auto name = config_of(endpoint);
  ASSERT_TRUE(name);
  EXPECT_EQ(name->org, "acme");
  EXPECT_EQ(name->id, "main");
  EXPECT_FALSE(config_of("app/main"));
}

TEST_F(Endpoints, IsDueNoLaterThanItWasAndNotWhileItsBreakerIsOpen) {
  DeliveryEndpoint endpoint;
  wake(endpoint, kNow);
  EXPECT_EQ(endpoint.due_at, kNow);
  wake(endpoint, kNow + Milliseconds{5});
  EXPECT_EQ(endpoint.due_at, kNow);
  endpoint.due_at.reset();
  endpoint.open_until = kNow + Milliseconds{7};
  wake(endpoint, kNow);
  EXPECT_EQ(endpoint.due_at, kNow + Milliseconds{7});
  endpoint.leased_by = "w1";
  wake(endpoint, kNow);
  EXPECT_EQ(endpoint.due_at, kNow + Milliseconds{7}) << "that is when the lease ends";
}

}  // namespace
}  // namespace penstock
