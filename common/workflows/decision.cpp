#include "common/workflows/decision.h"

#include "common/crypto/crypto.h"
#include "common/json/codec.h"

namespace penstock {
namespace {

// The UUIDv5 of "penstock/runs" in the URL namespace of RFC 9562.
constexpr std::string_view kRunNamespace = "8d025e2b-9413-543d-8428-46b4e0562c28";

}  // namespace

std::vector<std::string> ConnectorDecision::run_ids() const {
  std::vector<std::string> ids;
  ids.reserve(resumed.size() + started.size());
  for (const auto& each : resumed) ids.push_back(each.run);
  for (const auto& each : started) ids.push_back(each.run);
  return ids;
}

std::string encode(const ConnectorDecision& decision) { return json::to_text(decision); }

Result<ConnectorDecision> decode_decision(std::string_view text) {
  const auto document = json::Document::parse(text);
  ConnectorDecision decision;
  if (document && json::decode(document.value().root(), decision)) return decision;
  return Error{ErrorCode::invalid, "wrong_shape: header ps_decision cannot be read"};
}

std::string run_id(std::string_view org, std::string_view event_id, std::string_view workflow) {
  // None of the three holds a line end.
  std::string name(org);
  name.append("\n").append(event_id).append("\n").append(workflow);
  return crypto::uuid_v5(kRunNamespace, name);
}

std::string connector_source(std::string_view org) { return std::string("org/").append(org); }

}  // namespace penstock
