// Files of this folder that the programs carry inside them. Each name is set by
// penstock_embed() in CMakeLists.txt.
#pragma once

#include <string_view>

namespace penstock::schemas {

// schemas/sql/<store>/<version>_*.sql: what brings the store's schema from the version before to this one.
extern const std::string_view kPostgres0001;
extern const std::string_view kPostgres0002;
extern const std::string_view kPostgres0003;
extern const std::string_view kPostgres0004;
extern const std::string_view kPostgres0005;
extern const std::string_view kPostgres0006;
extern const std::string_view kPostgres0007;
extern const std::string_view kSqlite0001;
extern const std::string_view kSqlite0002;
extern const std::string_view kSqlite0003;
extern const std::string_view kSqlite0004;
extern const std::string_view kSqlite0005;
extern const std::string_view kSqlite0006;
extern const std::string_view kSqlite0007;

// What the programs serve: schemas/openapi.yaml and asyncapi.yaml.
extern const std::string_view kOpenapi;
extern const std::string_view kAsyncapi;

}  // namespace penstock::schemas
