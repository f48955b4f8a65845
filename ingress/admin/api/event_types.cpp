#include "common/catalogue/catalogue.h"
#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/stored.h"

namespace penstock::admin {

Result<http::Response> list_event_types(const Context&, const Request& request) {
  QueryReader in(request);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  const Page<EventType> all{Catalogue::builtin().types(), {}};
  return page_response(all, [](json::Writer& out, const EventType& each) { json::encode(out, each); });
}

}  // namespace penstock::admin
