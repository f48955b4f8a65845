#include "ingress/admin/api/stored.h"

#include "common/core/check.h"

namespace penstock::admin {

RowStamp latest(const std::vector<RowStamp>& stamps) {
  CHECK(!stamps.empty());
  RowStamp found = *std::max_element(stamps.begin(), stamps.end(), [](const RowStamp& a, const RowStamp& b) {
    return a.updated_at < b.updated_at;
  });
  for (const auto& stamp : stamps) found.created_at = std::min(found.created_at, stamp.created_at);
  return found;
}

void encode_stamp(json::Writer& out, const RowStamp& stamp) {
  json::encode(out.key("created_at"), stamp.created_at);
  json::encode(out.key("updated_at"), stamp.updated_at);
  json::encode(out.key("updated_by"), stamp.updated_by);
}

http::Response json_response(json::Writer out) {
  http::Response response;
  response.body = std::move(out).text();
  return response;
}

http::Response not_found(std::string_view what) {
  return http::problem(404, "not_found", "there is no such " + std::string(what));
}

}  // namespace penstock::admin
