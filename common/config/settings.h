// The settings of all programs: a TOML file with the environment over it, checked as a whole at start.
//
// Everything that is known about a setting is one row of setting_table() (table.h): parsing,
// --help-config, deploy/penstock.toml and docs/configuration.md follow from it. To add a setting:
// a member here and a row there. What there are several of, each with a name of its own, has rows in
// named_setting_table().
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/values.h"
#include "common/core/stripe_mode.h"
#include "common/observe/log.h"

namespace penstock {

// Who reads the settings; decides which are needed.
enum class Program : std::uint8_t { ingress, worker, admin, migrate, standalone, send };

std::string_view to_string(Program program) noexcept;  // "penstock-worker"

using Environment = std::map<std::string, std::string, std::less<>>;

// Who people sign in with: one that tells where its parts are (OpenID Connect Discovery), by its issuer, or one of plain
// OAuth 2.0, by three URLs.
struct OauthProvider {
  std::string issuer;  // as it stands in the provider's tokens
  std::string client_id;
  std::string client_secret;
  std::string authorize_url;
  std::string token_url;
  std::string userinfo_url;
  std::vector<std::string> scopes;
};

struct LoadedSettings;

// The default of each member is the table's, so a Settings comes from load(). Holds
// secrets: never print it whole.
struct Settings {
  std::string data_dir;  // never empty in standalone and send
  LogUrl log;            // set in every program that needs one; in standalone always
  StoreUrl store;        // likewise
  std::optional<RedisUrl> redis;
  std::string topic_prefix;
  std::vector<std::string>
      master_keys;  // 32 bytes each, the first one seals; empty in standalone: one is generated

  std::vector<std::string> stripe_webhook_secrets;  // may be empty in standalone: one is generated
  StripeMode stripe_mode = StripeMode::both;
  bool trust_connected_accounts = false;
  Milliseconds stripe_tolerance{};

  std::string public_url;  // an origin: "https://hooks.example.com"
  Address listen;
  Bytes body_bytes_max;
  Bytes body_bytes_total_max;
  Bytes body_bytes_per_address_max;  // 0, when not set: an eighth of the total
  int ingress_threads = 0;           // 0: one a core
  Milliseconds ack_timeout{};
  int connections_max = 0;
  int connections_per_address_max = 0;
  Milliseconds header_timeout{};
  Milliseconds body_timeout{};
  Milliseconds idle_timeout{};
  std::vector<IpRange> trusted_proxies;

  std::string app_url;  // an origin
  Milliseconds session_ttl{};
  std::map<std::string, OauthProvider> oauth_providers;  // by name, in lower case

  std::vector<IpRange> allow_hosts;

  int ads_rate = 0;  // impressions a second from one address; 0: no limit

  // A minute; 0: no limit.
  int reports_rate = 0;      // reports of one user
  int reports_key_rate = 0;  // of one API key
  int sign_in_rate = 0;      // requests of sign-ins from one address

  Address admin_listen;
  std::string admin_token;  // may be empty in standalone: one is generated

  Address metrics_listen;

  std::string worker_instance;  // empty: a new member at each start
  int batch_records_max = 0;
  Milliseconds batch_wait{};
  Milliseconds seen_ttl{};
  Milliseconds pool_stuck_after{};
  std::vector<Milliseconds> payout_retry_schedule;
  std::vector<Milliseconds> lookup_schedule;
  std::vector<Milliseconds> outbound_schedule;
  Milliseconds outbound_timeout{};
  Milliseconds webhook_log_retention{};
  Milliseconds secret_overlap{};
  Milliseconds inbox_retention{};

  int store_connections_max = 0;

  int kafka_partitions = 0;
  int kafka_replication = 0;  // 0: three, or as many as there are brokers when fewer
  int kafka_min_insync = 0;   // 0: one less than the replicas
  Milliseconds kafka_linger{};

  log::Level log_level = log::Level::info;
  log::Format log_format = log::Format::text;

  // Reads the table's defaults, then `file` if given, then the environment, and checks all
  // of it for `program`. Reads the file and no other, and looks where the data folder is;
  // never throws for what they say.
  static LoadedSettings load(Program program, const std::optional<std::filesystem::path>& file,
                             const Environment& environment);
};

// Where a setting's value came from, as an operator may see it: secrets and passwords are "***".
struct SettingSource {
  std::string key;
  std::string shown;
  std::string source;  // "default", "file" or the variable's name
};

// `settings` may be used only when there are no problems. Neither texts nor sources hold a secret.
struct LoadedSettings {
  Settings settings;
  std::vector<std::string> problems;   // each names the key or variable, and what is wrong with it
  std::vector<std::string> warnings;   // for the log: what has no effect, or is better set otherwise
  std::vector<SettingSource> sources;  // in the order of the table
};

// This process's environment, copied.
Environment current_environment();

// Where standalone keeps its files unless told otherwise: /var/lib/penstock for the superuser, else
// $XDG_DATA_HOME/penstock or $HOME/.local/share/penstock; nullopt when neither variable is set.
std::optional<std::string> default_data_dir(const Environment& environment, bool superuser);

}  // namespace penstock
