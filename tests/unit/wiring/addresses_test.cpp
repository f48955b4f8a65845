// How messages call the log, the store and the seen set.
#include "common/wiring/addresses.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

std::string store_address_of(const std::string& url) {
  Settings settings;
  settings.store = parse_store_url(url).value();
  return store_address(settings);
}

TEST(Addresses, NameKindHostAndPort) {
  Settings settings;
  settings.log = parse_log_url("kafka://h1:9092,h2:9093").value();
  settings.redis = parse_redis_url("redis://user:secret@h3:6379/2").value();
  EXPECT_EQ(log_address(settings), "kafka at h1:9092,h2:9093");
  EXPECT_EQ(seen_set_address(settings), "redis at h3:6379/2");
  settings.log = parse_log_url("sqlite:/var/lib/penstock/log.db").value();
  settings.redis.reset();
  EXPECT_EQ(log_address(settings), "sqlite at /var/lib/penstock/log.db");
  EXPECT_EQ(seen_set_address(settings), "");
}

TEST(Addresses, NeverHoldAPassword) {
  EXPECT_EQ(store_address_of("postgresql://h1:5432/penstock"), "postgresql at h1:5432/penstock");
  const std::string at_h1 = "postgresql at h1:5432,h2:5433/penstock";
  for (const char* url : {"postgresql://user:secret@h1:5432,h2:5433/penstock",
                          "postgres://user@h1:5432,h2:5433/penstock?sslmode=require&password=secret",
                          "postgresql://user:secret?secret@h1:5432,h2:5433/penstock",
                          "postgresql://h1:5432,h2:5433/penstock?password=secret@secret/secret",
                          "postgresql://user:secret@secret@h1:5432,h2:5433/penstock",
                          "postgresql://user:secret/secret@h1:5432,h2:5433/penstock"})
    EXPECT_EQ(store_address_of(url), at_h1) << url;
  EXPECT_EQ(store_address_of("sqlite:/srv/state.db"), "sqlite at /srv/state.db");
}

}  // namespace
}  // namespace penstock
