#include "ingress/signin/sign_in.h"

#include <gtest/gtest.h>

#include "tests/fakes/manual_clock.h"

namespace penstock {
namespace {

TEST(SignInRoutes, AreThereWithoutAProvider) {
  ManualClock clock;
  Metrics metrics;
  registry::Table settings;
  const std::vector<std::string> master_keys{std::string(32, 'k')};
  const crypto::Sealer sealer(master_keys);
  SignIn sign_in({}, {{},
                      [](Record&&, AppendDone) -> Status {
                        return Error{ErrorCode::unavailable, "away"};
                      },
                      settings,
                      sealer,
                      std::make_shared<const Sessions>(SessionOptions{"https://h", Milliseconds{1'000}},
                                                       master_keys, clock),
                      Catalogue::builtin(),
                      clock,
                      metrics});
  std::string routes;
  for (const auto& route : sign_in.routes())
    routes.append(route.method).append(" ").append(route.pattern).append("\n");
  EXPECT_EQ(routes, "GET /api/auth/login\nGET /api/auth/callback\nPOST /api/auth/logout\n");
  EXPECT_NE(metrics.exposition().find("penstock_ingress_sign_ins_total{outcome=\"signed_in\"} 0"),
            std::string::npos);
}

}  // namespace
}  // namespace penstock
