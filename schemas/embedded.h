// Files of this folder that the programs carry inside them. Each name is set by penstock_embed() in
// CMakeLists.txt.
#pragma once

#include <string_view>

namespace penstock::schemas {

// schemas/sql/<store>/<version>_*.sql: what brings the store's schema from the version before to this one.
extern const std::string_view kPostgres0001;
extern const std::string_view kSqlite0001;

}  // namespace penstock::schemas
