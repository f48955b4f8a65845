#include "tests/bench/programs/many_settings.h"

#include "common/core/org.h"
#include "common/crypto/crypto.h"
#include "common/registry/api_key.h"

namespace penstock::bench {
namespace {

constexpr registry::Revision kFirst{1};

template <class Value>
registry::Change change(const std::string& id, Value value) {
  return {registry::make_key<Value>(id), registry::State::there, {kFirst, std::move(value)}};
}

registry::Partner partner(std::string secret) {
  return {std::string(kDefaultOrg), true, "x-signature", {std::move(secret)}};
}

registry::Workflow workflow() {
  const Step emit{EmitStep{"action.note"}, {}},
      wait{{}, WaitStep{"invoice.paid", "/data/object/customer", 3'600}};
  return {"onboarding", true, {"checkout.*", "payment_intent.*"}, {emit, wait, emit}, {}, {}, {}};
}

}  // namespace

std::string partner_name(std::size_t n) { return "partner-" + std::to_string(n); }

std::vector<registry::Change> make_partners(std::size_t count, std::string_view secret) {
  std::vector<registry::Change> partners;
  for (std::size_t n = 0; n < count; ++n)
    partners.push_back(change(partner_name(n), partner(std::string(secret))));
  return partners;
}

std::string org_name(std::size_t n) { return "org-" + std::to_string(n); }

std::vector<registry::Change> make_connectors(std::size_t count, std::string_view secret) {
  std::vector<registry::Change> settings;
  for (std::size_t n = 0; n < count; ++n) {
    const auto org = org_name(n);
    settings.push_back(change(
        org,
        registry::Connector{org, true, registry::ConnectorKind::platform, {std::string(secret)}, {}, {}}));
    settings.push_back(change(org, registry::Workflows{org, {workflow()}}));
  }
  return settings;
}

registry::Change make_setting(std::size_t n) {
  if (n % 10 == 0) {
    const auto made = registry::make_api_key();
    return change(made.id,
                  registry::ApiKey{"org-" + std::to_string(n), "a key", {"admin:read"}, made.secret_hash});
  }
  if (n % 10 == 1) return change("google/" + std::to_string(n), registry::Ban{"spam"});
  return change(partner_name(n), partner(crypto::to_hex(crypto::random_bytes(16))));
}

}  // namespace penstock::bench
