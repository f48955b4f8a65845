#include "ingress/admin/api/customers.h"

#include "workers/domain/state/payment_rows.h"

namespace penstock::admin {

Result<std::optional<std::set<std::string>>> customers_of(Store& store, const std::string& user) {
  constexpr std::size_t kCustomersMax = 100;
  const ListQuery linked{
      .filters = {{"user_id", user}}, .order = ListOrder::none, .limit = kCustomersMax + 1};
  TRY(const auto customers, list_rows<Customer>(store, linked));
  if (customers.size() > kCustomersMax) return std::nullopt;
  std::set<std::string> ids;
  for (const auto& [row, stamp] : customers) ids.insert(row.id);
  return ids;
}

}  // namespace penstock::admin
