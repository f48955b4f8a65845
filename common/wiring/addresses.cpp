#include "common/wiring/addresses.h"

#include <string_view>

namespace penstock {
namespace {

std::string sqlite_address(const SqliteUrl& url) { return "sqlite at " + url.path; }

// Hosts and database of a libpq URL, which may name several hosts: what stands between the
// user and the parameters. A password that should have been percent-encoded may hold an @ or a
// / of its own; none of it is shown.
std::string postgres_address(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  if (const auto end = url.find_first_of("@/"); end != std::string_view::npos && url[end] == '@')
    url.remove_prefix(end + 1);
  url = url.substr(0, url.find('?'));
  if (const auto user_end = url.rfind('@'); user_end != std::string_view::npos)
    url.remove_prefix(user_end + 1);
  return "postgresql at " + std::string(url);
}

}  // namespace

std::string log_address(const Settings& settings) {
  if (const auto* kafka = std::get_if<KafkaUrl>(&settings.log)) return "kafka at " + kafka->brokers;
  if (const auto* sqlite = std::get_if<SqliteUrl>(&settings.log)) return sqlite_address(*sqlite);
  return "log";
}

std::string store_address(const Settings& settings) {
  if (const auto* postgres = std::get_if<PostgresUrl>(&settings.store))
    return postgres_address(postgres->conninfo);
  if (const auto* sqlite = std::get_if<SqliteUrl>(&settings.store)) return sqlite_address(*sqlite);
  return "store";
}

}  // namespace penstock
