#include "workers/sources/api/api.h"

#include <algorithm>

#include "common/core/org.h"
#include "common/json/value.h"
#include "workers/sources/reader.h"

namespace penstock {
namespace {

Result<EventMeta> read_meta(const RawEvent& raw) {
  const std::string_view org = raw.source.substr(std::min(kApi.size() + 1, raw.source.size()));
  if (!is_org_name(org)) return Error{ErrorCode::invalid, "wrong_shape: ce_source names no org"};
  EventMeta meta;
  meta.key = raw.key;
  meta.id = raw.key.value;
  meta.type = raw.type;
  meta.created = raw.created;
  meta.livemode = true;
  meta.org = org_of_name(org);
  return meta;
}

ReadEvent read_confirmation(const RawEvent& raw, EventMeta meta) {
  const auto document = json::Document::parse(raw.body);
  if (!document) return {document.error()};
  Reader in(document.value().root(), "event");
  std::string payment = in.id("payment_id");
  if (!payment.starts_with("cs_") && !payment.starts_with("pi_"))
    in.refuse("payment_id", "is neither a session's nor an intent's");
  if (const auto problem = in.problem()) return {*problem};
  return {.facts = Facts{ConfirmationFacts{std::move(meta), payment}}, .entity = payment};
}

ReadEvent read_report(const RawEvent& raw, EventMeta meta) {
  const auto document = json::Document::parse(raw.body);
  if (!document) return {document.error()};
  const auto id = find_header(raw.headers, "ce_id"), reporter = find_header(raw.headers, "ps_principal");
  if (!id || !reporter) return {Error{ErrorCode::invalid, "wrong_shape: ce_id or ps_principal is missing"}};
  Reader in(document.value().root(), "report");
  ReportFacts facts;
  facts.meta = std::move(meta);
  facts.id = *id;
  facts.said.reportable_id = in.id("reportable_id");
  facts.said.reportable_type = in.id("reportable_type");
  facts.said.reason = in.id("reason");
  facts.said.description = in.optional_text("description");
  facts.said.reporter = *reporter;
  if (const auto problem = in.problem()) return {*problem};
  return {.facts = Facts{std::move(facts)}, .entity = std::string(*id)};
}

ReadEvent read(const RawEvent& raw) {
  auto meta = read_meta(raw);
  if (!meta) return {meta.error()};
  if (raw.type == "payment.confirmed") return read_confirmation(raw, std::move(meta).value());
  if (raw.type == "report.created") return read_report(raw, std::move(meta).value());
  return {.facts = Facts{UnhandledFacts{std::move(meta).value()}}};
}

}  // namespace

Source api_source() { return {kApi, read}; }

}  // namespace penstock
