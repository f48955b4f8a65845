#include "ingress/options.h"

#include <algorithm>
#include <thread>

#include "common/net/outgoing_url.h"
#include "common/observe/log.h"
#include "common/wiring/addresses.h"

namespace penstock {
namespace {

// What is open besides connections: databases and their journals, the log's own connections.
constexpr std::uint64_t kOtherFiles = 96;
constexpr std::uint64_t kFilesPerEventLoop = 4;
// An exchange has one connection to the provider, and two while it tries IPv6 and IPv4.
constexpr std::uint64_t kFilesPerProvider = 2 * kExchangesMax;

constexpr std::size_t kAddressesAtOnce = 8;  // that can have their whole share of the memory for bodies

// A body of any size must fit, or it would be sent again for ever.
std::size_t body_bytes_per_address_max(const Settings& settings) {
  const auto share = settings.body_bytes_per_address_max.count > 0
                         ? settings.body_bytes_per_address_max.count
                         : settings.body_bytes_total_max.count / kAddressesAtOnce;
  return std::max(share, settings.body_bytes_max.count);
}

bool leads_to_loopback(const std::string& text) {
  const auto url = parse_outgoing_url(text, true);
  return url && is_loopback(url.value());
}

}  // namespace

http::ServerOptions public_server_options(const Settings& settings) {
  http::ServerOptions options = server_options_at(settings.listen);
  const int threads = settings.ingress_threads;
  options.threads =
      threads > 0 ? static_cast<std::size_t>(threads) : std::max(1U, std::thread::hardware_concurrency());
  options.body_bytes_max = settings.body_bytes_max.count;
  options.body_bytes_total_max = settings.body_bytes_total_max.count;
  options.body_bytes_per_address_max = body_bytes_per_address_max(settings);
  options.connections_max = static_cast<std::size_t>(settings.connections_max);
  options.connections_per_address_max = static_cast<std::size_t>(settings.connections_per_address_max);
  options.header_deadline = settings.header_timeout;
  options.body_deadline = settings.body_timeout;
  options.idle_deadline = settings.idle_timeout;
  return options;
}

StripeDoorOptions stripe_door_options(const Settings& settings) {
  return {.secrets = settings.stripe_webhook_secrets,
          .tolerance = std::chrono::floor<std::chrono::seconds>(settings.stripe_tolerance)};
}

AdsDoorOptions ads_door_options(const Settings& settings) {
  return {.impressions_per_second = static_cast<std::uint32_t>(settings.ads_rate),
          .trusted_proxies = settings.trusted_proxies};
}

ReportsDoorOptions reports_door_options(const Settings& settings) {
  return {.per_minute_of_user = static_cast<std::uint32_t>(settings.reports_rate),
          .per_minute_of_key = static_cast<std::uint32_t>(settings.reports_key_rate)};
}

SessionOptions session_options(const Settings& settings) {
  return {.issuer = settings.public_url, .ttl = settings.session_ttl};
}

SignInOptions sign_in_options(const Settings& settings) {
  const bool is_readable_nowhere =
      settings.public_url.starts_with("http://") && leads_to_loopback(settings.public_url);
  return {.public_url = settings.public_url,
          .app_url = settings.app_url,
          .secure_cookies = !is_readable_nowhere,
          .ack_timeout = settings.ack_timeout,
          .requests_per_minute = static_cast<std::uint32_t>(settings.sign_in_rate),
          .trusted_proxies = settings.trusted_proxies};
}

std::vector<IdentityProviderOptions> identity_provider_options(const Settings& settings) {
  std::vector<IdentityProviderOptions> all;
  for (const auto& [name, provider] : settings.oauth_providers)
    all.push_back({.name = name,
                   .issuer = provider.issuer,
                   .authorize_url = provider.authorize_url,
                   .token_url = provider.token_url,
                   .userinfo_url = provider.userinfo_url,
                   .client_id = provider.client_id,
                   .client_secret = provider.client_secret,
                   .scopes = provider.scopes,
                   .redirect_uri = settings.public_url + std::string(kCallbackPath)});
  return all;
}

std::vector<IpRange> provider_hosts(const Settings& settings) {
  auto hosts = settings.allow_hosts;
  const bool is_here =
      std::any_of(settings.oauth_providers.begin(), settings.oauth_providers.end(), [](const auto& each) {
        const OauthProvider& provider = each.second;
        return leads_to_loopback(provider.issuer) || leads_to_loopback(provider.token_url) ||
               leads_to_loopback(provider.userinfo_url);
      });
  if (is_here) hosts.insert(hosts.end(), kLoopback.begin(), kLoopback.end());
  return hosts;
}

IntakeOptions intake_options(const Settings& settings) {
  return {.log = {.answer_deadline = settings.ack_timeout, .address = log_address(settings)}};
}

ClaimsOptions claims_options(const Settings& settings) { return {.patience = settings.ack_timeout}; }

std::uint64_t connections_that_fit(std::uint64_t connections_max, std::uint64_t open_files_max,
                                   std::uint64_t other_files) noexcept {
  const auto room = open_files_max - std::min(other_files, open_files_max / 2);
  return std::min(connections_max, room);
}

void fit_connections(Settings& settings, std::uint64_t open_files_max, std::size_t private_connections) {
  const auto others = kOtherFiles + kFilesPerEventLoop * public_server_options(settings).threads +
                      kFilesPerProvider * settings.oauth_providers.size() + private_connections +
                      static_cast<std::uint64_t>(settings.store_connections_max);
  const auto fit =
      connections_that_fit(static_cast<std::uint64_t>(settings.connections_max), open_files_max, others);
  if (fit == static_cast<std::uint64_t>(settings.connections_max)) return;
  log::warn("fewer connections than PENSTOCK_MAX_CONNECTIONS",
            {{"setting", settings.connections_max},
             {"connections", fit},
             {"open_files_max", open_files_max},
             {"do", "raise the hard limit of open files (ulimit -Hn, LimitNOFILE=) or lower the setting"}});
  settings.connections_max = static_cast<int>(fit);
}

}  // namespace penstock
