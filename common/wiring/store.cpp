#include "common/wiring/store.h"

#include "common/adapters/postgres/store.h"
#include "common/adapters/sqlite/store.h"
#include "common/core/check.h"

namespace penstock {

Result<std::unique_ptr<StoreAdapter>> open_store(const Settings& settings) {
  if (const auto* sqlite = std::get_if<SqliteUrl>(&settings.store)) {
    SqliteStoreOptions options;
    options.file = sqlite->path;
    return open_sqlite_store(std::move(options));
  }
  const auto* postgres = std::get_if<PostgresUrl>(&settings.store);
  CHECK(postgres != nullptr);
  PostgresOptions options;
  options.url = postgres->conninfo;
  options.connections_max = static_cast<std::size_t>(settings.store_connections_max);
  return make_postgres_store(std::move(options));
}

}  // namespace penstock
