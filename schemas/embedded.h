// Files of this folder that the programs carry inside them, as CMakeLists.txt says.
#pragma once

#include <span>
#include <string_view>

namespace penstock::schemas {

// schemas/sql/<store>/<version>_*.sql: the n-th brings the store's schema from version n - 1 to n.
std::span<const std::string_view> postgres_migrations() noexcept;
std::span<const std::string_view> sqlite_migrations() noexcept;

// What the programs serve: schemas/openapi.yaml and asyncapi.yaml.
extern const std::string_view kOpenapi;
extern const std::string_view kAsyncapi;

}  // namespace penstock::schemas
