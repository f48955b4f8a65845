#include "workers/sources/events/events.h"

#include <algorithm>

#include "common/core/org.h"
#include "common/json/cursor.h"
#include "common/json/value.h"

namespace penstock {
namespace {

Error wrong_shape(const std::string& why) { return {ErrorCode::invalid, "wrong_shape: " + why}; }

Result<EventMeta> read_meta(const RawEvent& raw) {
  const std::string_view org = raw.source.substr(std::min(kPublished.size() + 1, raw.source.size()));
  if (!is_org_name(org)) return wrong_shape("ce_source names no org");
  EventMeta meta;
  meta.key = raw.key;
  meta.id = raw.key.value;
  meta.type = raw.type;
  meta.created = raw.created;
  meta.livemode = true;
  meta.org = org_of_name(org);
  return meta;
}

// As it was sent: numbers keep every digit, members their order.
Result<std::string> read_data(std::string_view body) {
  TRY(const auto document, json::Document::parse(body));
  const auto data = json::member_text(body, "data");
  if (!data || !document.root()["data"].is_object()) return wrong_shape("event.data is no object");
  return std::string(*data);
}

ReadEvent read(const RawEvent& raw) {
  auto meta = read_meta(raw);
  if (!meta) return {meta.error()};
  auto data = read_data(raw.body);
  if (!data) return {data.error()};
  return {.facts = Facts{PublishedFacts{std::move(meta).value(), std::move(data).value()}}};
}

}  // namespace

Source published_source() { return {kPublished, read}; }

}  // namespace penstock
