#include "workers/sources/ads/ads.h"

#include "common/core/uuid.h"

namespace penstock {
namespace {

ReadEvent read(const RawEvent& raw) {
  if (raw.type != "ad.impression") {
    EventMeta meta;
    meta.key = raw.key;
    meta.type = raw.type;
    meta.created = raw.created;
    return {.facts = Facts{UnhandledFacts{std::move(meta)}}};
  }
  const auto ad = find_header(raw.headers, "ce_subject");
  if (!ad || !is_uuid(*ad)) return {Error{ErrorCode::invalid, "wrong_shape: ce_subject is no ad's id"}};
  // Without its entity: the inbox is looked up by that, and of one ad there may be millions.
  return {.facts = Facts{ImpressionFacts{std::string(*ad), {{raw.key, raw.created}}}}};
}

}  // namespace

Source ads_source() { return {kAds, read}; }

}  // namespace penstock
