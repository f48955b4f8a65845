#include "ingress/doors/reports/report_record.h"

#include <algorithm>
#include <utility>

#include "common/crypto/crypto.h"
#include "common/json/codec.h"
#include "ingress/fields/body_reader.h"

namespace penstock {
namespace {

constexpr std::string_view kSource = "api";
constexpr std::string_view kType = "report.created";

bool is_report_type(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_allowed = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == ':' || c == '-';
  };
  return !text.empty() && text.size() <= kReportTypeBytesMax && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), is_allowed);
}

// The 201's body has these members and no other.
std::string answer_text(std::string_view id, const PostedReport& said, std::string_view created_at) {
  json::Writer out;
  out.begin_object().key("id").string(id);
  json::encode_members(out, said);
  out.key("created_at").string(created_at).end_object();
  return std::move(out).text();
}

}  // namespace

std::variant<PostedReport, http::Response> read_report(const http::Request& request) {
  BodyReader in(request);
  PostedReport said;
  said.reportable_id = in.id("reportable_id");
  said.reportable_type = in.id("reportable_type");
  if (!is_report_type(said.reportable_type))
    in.refuse("reportable_type", "must be a letter and up to 63 of A-Z a-z 0-9 _ . : -");
  said.reason = in.id("reason");
  said.description = in.optional_text("description", kReportDescriptionBytesMax);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  return said;
}

Headers report_headers(const Reporter& reporter, std::string id, Timestamp received_at) {
  Headers headers;
  headers.reserve(9);
  headers.emplace_back("ce_specversion", "1.0");
  headers.emplace_back("ce_id", std::move(id));
  headers.emplace_back("ce_type", kType);
  headers.emplace_back("ce_source", std::string(kSource).append("/").append(reporter.org));
  headers.emplace_back("ce_time", to_rfc3339(received_at));
  headers.emplace_back("content-type", "application/json");
  headers.emplace_back("ps_receivedat", to_rfc3339(received_at));
  headers.emplace_back("ps_org", reporter.org);
  headers.emplace_back("ps_principal", reporter.name);
  return headers;
}

std::string report_claim_key(const Reporter& reporter, std::string_view idempotency_key) {
  // Neither an org's name nor an idempotency key holds a line end.
  std::string text("reports\n");
  text.append(reporter.org).append("\n").append(idempotency_key).append("\n").append(reporter.name);
  return crypto::to_hex(crypto::sha256(text));
}

Result<VerifiedEvent> report_event(std::string body, Headers headers, const Catalogue& catalogue) {
  const auto document = json::Document::parse(body);
  const auto id = find_header(headers, "ce_id"), created_at = find_header(headers, "ce_time");
  PostedReport said;
  if (!document || !json::decode(document.value().root(), said) || !id || !created_at)
    return Error{ErrorCode::corrupt, "a claim holds no report"};
  VerifiedEvent event;
  event.answer = http::Response{.status = 201, .body = answer_text(*id, said, *created_at)};
  event.record.topic = catalogue.route(kSource, kType).topic;
  event.record.key = said.reportable_type + "/" + said.reportable_id;
  event.record.value = std::move(body);
  event.record.headers = std::move(headers);
  return event;
}

}  // namespace penstock
