#include "common/adapters/sql/schema.h"

#include <string>

namespace penstock::sql {
namespace {

Error wrong_schema(std::int64_t stored, Migrations ours, std::string_view remedy) {
  std::string detail = "the store's schema is version " + std::to_string(stored) + ", this program's is " +
                       std::to_string(ours.size()) + ": ";
  return {ErrorCode::wrong_schema, detail.append(remedy)};
}

Error newer_schema(std::int64_t stored, Migrations ours) {
  return wrong_schema(stored, ours, "update this program");
}

}  // namespace

Status check_version(std::int64_t stored, Migrations ours) {
  const auto version = static_cast<std::int64_t>(ours.size());
  if (stored > version) return newer_schema(stored, ours);
  if (stored < version) return wrong_schema(stored, ours, "run: penstock-admin migrate");
  return ok();
}

Result<Migrations> pending(std::int64_t stored, Migrations ours) {
  if (stored > static_cast<std::int64_t>(ours.size())) return newer_schema(stored, ours);
  return ours.subspan(static_cast<std::size_t>(stored));
}

}  // namespace penstock::sql
