// What can be configured over the admin API (contract.md, "Settings"): one struct a kind, as it is sealed into the store,
// the topic `settings` and the copies that programs keep.
//
// To add a kind: its struct, its name, and a place in Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/core/describe.h"
#include "common/core/result.h"
#include "common/core/time.h"
#include "common/workflows/workflow.h"

namespace penstock::registry {

// A partner system that posts to /v1/webhooks/partners/{name}; its id is that name.
struct Partner {
  std::string org;  // whose its events are
  bool enabled = true;
  std::string scheme;                // how it signs: a name of ingress/signatures
  std::vector<std::string> secrets;  // any of them may have signed
  bool operator==(const Partner&) const = default;
};
BOOST_DESCRIBE_STRUCT(Partner, (), (org, enabled, scheme, secrets))

// An app that fulfils payments of its slug, which is its id.
struct App {
  bool enabled = true;
  std::string url;
  std::string secret;
  bool operator==(const App&) const = default;
};
BOOST_DESCRIBE_STRUCT(App, (), (enabled, url, secret))

// A key for the API (api_key.h); its id is the middle of the key.
struct ApiKey {
  std::string org;  // the only one it is good for
  std::string name;
  std::vector<std::string> scopes;
  std::string secret_hash;  // SHA-256 of the secret part, in hexadecimal
  bool operator==(const ApiKey&) const = default;
};
BOOST_DESCRIBE_STRUCT(ApiKey, (), (org, name, scopes, secret_hash))

// An account that may not sign in; its id is "provider/subject".
struct Ban {
  std::optional<std::string> reason;
  bool operator==(const Ban&) const = default;
};
BOOST_DESCRIBE_STRUCT(Ban, (), (reason))

// That there is an ad of that id: what it costs is the workers' to know.
struct KnownAd {
  bool operator==(const KnownAd&) const = default;
};
BOOST_DESCRIBE_STRUCT(KnownAd, (), ())

// `platform` starts runs of every workflow that subscribes to an event, `generic` of one at most.
BOOST_DEFINE_ENUM_CLASS(ConnectorKind, platform, generic)

// Where an org's own Stripe account posts to; its id is the org.
struct Connector {
  std::string org;
  bool enabled = true;
  ConnectorKind kind = ConnectorKind::platform;
  std::vector<std::string> signing_secrets;  // any of them may have signed
  std::optional<std::string> url_secret;     // what `?secret=` must be, where it is given
  std::optional<std::string> workflow;       // of a generic one
  bool operator==(const Connector&) const = default;
};
BOOST_DESCRIBE_STRUCT(Connector, (), (org, enabled, kind, signing_secrets, url_secret, workflow))

struct Workflow {
  std::string id;
  bool enabled = true;
  std::vector<std::string> event_types;  // patterns: "invoice.paid", "charge.*", "*"
  Steps steps;
  Timestamp created_at;
  Timestamp updated_at;
  std::string updated_by;
  bool operator==(const Workflow&) const = default;
};
BOOST_DESCRIBE_STRUCT(Workflow, (), (id, enabled, event_types, steps, created_at, updated_at, updated_by))

// All workflows of an org, which is its id: what is decided about one of its events asks for all of them.
struct Workflows {
  std::string org;
  std::vector<Workflow> all;  // by id
  bool operator==(const Workflows&) const = default;
};
BOOST_DESCRIBE_STRUCT(Workflows, (), (org, all))

// What an outgoing webhook is signed with.
struct WebhookSecret {
  std::string secret;
  std::optional<Timestamp> until;  // it signs beside the newer one until then; none: it is the newest
  bool operator==(const WebhookSecret&) const = default;
};
BOOST_DESCRIBE_STRUCT(WebhookSecret, (), (secret, until))

// Where outbound events of an org are sent to.
struct WebhookConfig {
  std::string id;
  bool enabled = true;
  std::string url;
  std::vector<std::string> event_types;  // patterns: "payment.paid", "payment.*", "*"
  std::vector<WebhookSecret> secrets;    // the newest first, two at most
  std::optional<std::string> description;
  std::int64_t concurrency = 8;      // requests at once
  std::optional<std::int64_t> rate;  // events a second; none: as many as the endpoint takes
  Timestamp created_at;
  Timestamp updated_at;
  std::string updated_by;
  bool operator==(const WebhookConfig&) const = default;
};
BOOST_DESCRIBE_STRUCT(WebhookConfig, (),
                      (id, enabled, url, event_types, secrets, description, concurrency, rate, created_at,
                       updated_at, updated_by))

// All of an org, which is its id: of each of its events all are asked whether they want it.
struct WebhookConfigs {
  std::string org;
  std::vector<WebhookConfig> all;  // by id
  bool operator==(const WebhookConfigs&) const = default;
};
BOOST_DESCRIBE_STRUCT(WebhookConfigs, (), (org, all))

// A value of any kind.
using Values = std::variant<Partner, App, ApiKey, Ban, KnownAd, Connector, Workflows, WebhookConfigs>;

// The name of each kind: what its keys begin with. Part of what is stored.
template <class Value>
inline constexpr std::string_view kKindName = {};
template <>
inline constexpr std::string_view kKindName<Partner> = "partner";
template <>
inline constexpr std::string_view kKindName<App> = "app";
template <>
inline constexpr std::string_view kKindName<ApiKey> = "api-key";
template <>
inline constexpr std::string_view kKindName<Ban> = "ban";
template <>
inline constexpr std::string_view kKindName<KnownAd> = "ad";
template <>
inline constexpr std::string_view kKindName<Connector> = "connector";
template <>
inline constexpr std::string_view kKindName<Workflows> = "workflows";
template <>
inline constexpr std::string_view kKindName<WebhookConfigs> = "webhooks";

// "partner/acme": the key of a setting in the store and of its records in the topic.
template <class Value>
std::string make_key(std::string_view id) {
  std::string key(kKindName<Value>);
  return key.append(1, '/').append(id);
}

// Which of two changes of a setting is the later one, wherever they are met: in the store, in the topic, in a copy. Grows with
// each change, deletions included, and with time.
struct Revision {
  std::int64_t value = 0;
  auto operator<=>(const Revision&) const = default;
};

// A setting as a change has left it; without a value it is deleted.
struct Setting {
  Revision revision;
  std::optional<Values> value;
  bool operator==(const Setting&) const = default;
};

// The text that is sealed.
std::string encode(const Setting& setting);
// Errors: invalid (a key of no kind that this version knows), corrupt.
Result<Setting> decode(std::string_view key, std::string_view text);

}  // namespace penstock::registry
