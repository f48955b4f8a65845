// How messages call the log and the store.
#include "common/wiring/addresses.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

std::string store_address_of(StoreUrl url) {
  Settings settings;
  settings.store = std::move(url);
  return store_address(settings);
}

TEST(Addresses, NameKindHostAndPort) {
  Settings settings;
  settings.log = parse_log_url("kafka://h1:9092,h2:9093").value();
  EXPECT_EQ(log_address(settings), "kafka at h1:9092,h2:9093");
  settings.log = parse_log_url("sqlite:/var/lib/penstock/log.db").value();
  EXPECT_EQ(log_address(settings), "sqlite at /var/lib/penstock/log.db");
}

// Nor one of a URL that the settings would have refused.
TEST(Addresses, NeverHoldAPassword) {
  EXPECT_EQ(store_address_of(PostgresUrl{"postgresql://h1:5432/penstock"}), "postgresql at h1:5432/penstock");
  const std::string at_h1 = "postgresql at h1:5432,h2:5433/penstock";
  for (const char* url : {"postgresql://user:secret@h1:5432,h2:5433/penstock",
                          "postgres://user@h1:5432,h2:5433/penstock?sslmode=require&password=secret",
                          "postgresql://user:secret?secret@h1:5432,h2:5433/penstock",
                          "postgresql://h1:5432,h2:5433/penstock?password=secret@secret/secret",
                          "postgresql://user:secret@secret@h1:5432,h2:5433/penstock",
                          "postgresql://user:secret/secret@h1:5432,h2:5433/penstock"})
    EXPECT_EQ(store_address_of(PostgresUrl{url}), at_h1) << url;
  EXPECT_EQ(store_address_of(SqliteUrl{"/srv/state.db"}), "sqlite at /srv/state.db");
}

}  // namespace
}  // namespace penstock
