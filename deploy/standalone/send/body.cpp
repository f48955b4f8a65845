#include "deploy/standalone/send/body.h"

#include <chrono>

#include "common/crypto/crypto.h"
#include "deploy/standalone/send/examples.h"

namespace penstock::send {
namespace {

std::string fresh_id() { return crypto::to_hex(crypto::random_bytes(12)); }

Result<json::Document> unchanged_document(const Order& order, Timestamp now) {
  const std::string id = fresh_id();
  if (!order.file) return make_example(order.what, id, to_unix_seconds(now));
  const auto parsed = json::Document::parse(*order.file);
  if (!parsed)
    return bad_usage(order.what + ": " + parsed.error().detail +
                     ": it can be sent as it is, also with --repeat, but not changed");
  return order.wants_new_ids() ? with_new_ids(parsed.value(), id.substr(0, 8)) : parsed.value();
}

}  // namespace

Result<std::string> make_body(const Order& order, Timestamp now) {
  if (order.file && order.changes.empty() && !order.wants_new_ids()) return *order.file;
  TRY(auto document, unchanged_document(order, now));
  for (const auto& change : order.changes) {
    auto changed = apply(document, change);
    if (!changed) return bad_usage("--set " + changed.error().detail);
    document = std::move(changed).value();
  }
  return json::indented(document.root());
}

Named names_in(const std::string& body) {
  const auto parsed = json::Document::parse(body);
  if (!parsed) return {};
  const json::Value root = parsed.value().root();
  const json::Value data = root["data"];
  const json::Value object = data["object"].is_object() ? data["object"] : data;
  const auto text = [](json::Value value) { return std::string(value.string().value_or("")); };
  // A dispute shows with the charge that it is about.
  const bool is_dispute = object["object"].string() == "dispute";
  return {text(root["id"]),           text(root["type"]),
          text(object["object"]),     text(is_dispute ? object["charge"] : object["id"]),
          root["livemode"].boolean(), text(root["account"])};
}

std::int64_t to_unix_seconds(Timestamp at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

}  // namespace penstock::send
