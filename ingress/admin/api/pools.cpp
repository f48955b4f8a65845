#include <charconv>

#include "ingress/admin/api/query_reader.h"
#include "ingress/admin/api/resources.h"
#include "ingress/admin/api/stored.h"

namespace penstock::admin {
namespace {

// With two decimals.
std::string number_text(double value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 2).ptr;
  return {text, end};
}

void encode_pool(json::Writer& out, const PoolState& pool) {
  out.begin_object().key("name").string(pool.name).key("lag").integer(pool.lag);
  out.key("oldest_age_s").integer(pool.oldest_age.count());
  out.key("rate_1m").raw(number_text(pool.rate_1m));
  out.key("members").integer(pool.members).key("partitions").integer(pool.partitions);
  json::encode(out.key("state"), pool.state);
  json::encode(out.key("since"), pool.since);
  json::encode(out.key("last_error"), pool.last_error);
  json::encode(out.key("as_of"), pool.as_of);
  out.end_object();
}

}  // namespace

Result<http::Response> list_pools(const Context& context, const Request& request) {
  QueryReader in(request);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  const auto pools = context.pools.states();
  if (!pools) return failure_response(request, context.log_address, pools.error());
  json::Writer out;
  out.begin_object().key("data").begin_array();
  for (const auto& pool : pools.value()) encode_pool(out, pool);
  if (const auto deliveries = context.deliveries.state()) encode_pool(out, *deliveries);
  out.end_array().key("next_cursor").null().end_object();
  return json_response(std::move(out));
}

}  // namespace penstock::admin
