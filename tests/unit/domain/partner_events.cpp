#include "tests/unit/domain/partner_events.h"

#include <functional>

#include "common/core/org.h"
#include "common/json/writer.h"
#include "workers/sources/partners/partners.h"

namespace penstock::testing {
namespace {

std::string id_of(const PartnerSpec& spec) {
  if (!spec.id.empty()) return spec.id;
  return "e-" +
         std::to_string(std::hash<std::string>{}(spec.type + spec.data + std::to_string(spec.created)));
}

}  // namespace

std::string partner_body(const PartnerSpec& spec) {
  json::Writer out;
  out.begin_object().key("id").string(id_of(spec)).key("type").string(spec.type);
  out.key("created").integer(spec.created).key("data").raw(spec.data).end_object();
  return std::move(out).text();
}

Headers partner_headers(const PartnerSpec& spec) {
  return {{"ce_specversion", "1.0"}, {"ce_id", id_of(spec)},
          {"ce_type", spec.type},    {"ce_source", "partner/" + spec.partner},
          {"ps_org", spec.org},      {"ps_receivedat", "2025-07-25T17:12:41Z"}};
}

EventKey partner_key(const PartnerSpec& spec) {
  return make_event_key("partner/" + spec.partner, id_of(spec));
}

ReadEvent read_partner(const PartnerSpec& spec) {
  const EventKey key = partner_key(spec);
  const std::string source = "partner/" + spec.partner, body = partner_body(spec);
  const Headers headers = partner_headers(spec);
  return Sources({partner_source()}).read({key, source, spec.type, Timestamp{}, body, headers});
}

SaidEvent partner_event(const PartnerSpec& spec) { return {partner_key(spec), read_partner(spec).facts}; }

Scope scope_of_org(const std::string& org) { return {.livemode = true, .org = org_of_name(org)}; }

}  // namespace penstock::testing
