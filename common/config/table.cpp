#include "common/config/table.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

namespace penstock {
namespace {

using enum Program;

// A kind says how its settings are parsed and how that is spelled in the documentation.
template <auto Parser>
struct Kind {
  using Value = typename decltype(Parser(std::string_view{}))::value_type;
  static Result<Value> parse(std::string_view text) { return Parser(text); }
};
struct AddressKind : Kind<parse_address> {
  static constexpr std::string_view kName = "host:port";
};
struct DurationKind : Kind<parse_duration> {
  static constexpr std::string_view kName = "duration";
};
struct DurationsKind : Kind<parse_durations> {
  static constexpr std::string_view kName = "durations, comma-separated";
};
struct BytesKind : Kind<parse_bytes> {
  static constexpr std::string_view kName = "size";
};
struct CountKind : Kind<parse_count> {
  static constexpr std::string_view kName = "number";
};
struct IpRangesKind : Kind<parse_ip_ranges> {
  static constexpr std::string_view kName = "IP addresses and address/prefix, comma-separated";
};
struct StripeSecretsKind : Kind<parse_stripe_secrets> {
  static constexpr std::string_view kName = "secrets of 16 characters or more, comma-separated";
};
struct MasterKeysKind : Kind<parse_master_keys> {
  static constexpr std::string_view kName = "base64 of 32 bytes, comma-separated";
};
struct TokenKind : Kind<parse_token> {
  static constexpr std::string_view kName = "secret, 16 characters or more";
};
struct PrefixKind : Kind<parse_topic_prefix> {
  static constexpr std::string_view kName = "letters, digits, . _ -";
};
struct NameKind : Kind<parse_name> {
  static constexpr std::string_view kName = "letters, digits, . _ -";
};
struct OriginKind : Kind<parse_origin> {
  static constexpr std::string_view kName = "https://host[:port]";
};
struct UrlKind : Kind<parse_url> {
  static constexpr std::string_view kName = "https://host[:port]/path";
};
struct CredentialKind : Kind<parse_credential> {
  static constexpr std::string_view kName = "text without spaces";
};
struct ScopesKind : Kind<parse_scopes> {
  static constexpr std::string_view kName = "words, comma-separated";
};
struct PathKind : Kind<parse_path> {
  static constexpr std::string_view kName = "path";
};
struct LogUrlKind : Kind<parse_log_url> {
  static constexpr std::string_view kName = "kafka://host:port,… or sqlite:PATH";
};
struct StoreUrlKind : Kind<parse_store_url> {
  static constexpr std::string_view kName = "postgresql://… or sqlite:PATH";
};
struct RedisUrlKind : Kind<parse_redis_url> {
  static constexpr std::string_view kName = "redis://[user][:password@]host:port[/database]";
};

// One of a few words. `Words` has `kName` ("both, live, test") and `kWords`, word and value.
template <class Words>
struct WordKind : Words {
  using Value = typename decltype(Words::kWords)::value_type::second_type;
  static Result<Value> parse(std::string_view text) {
    const auto found = std::find_if(Words::kWords.begin(), Words::kWords.end(),
                                    [&](const auto& w) { return w.first == text; });
    if (found != Words::kWords.end()) return found->second;
    return Error{ErrorCode::invalid, "is not one of " + std::string(Words::kName)};
  }
};
struct StripeModeWords {
  static constexpr std::string_view kName = "both, live, test";
  static constexpr std::array<std::pair<std::string_view, StripeMode>, 3> kWords{
      {{"both", StripeMode::both}, {"live", StripeMode::live}, {"test", StripeMode::test}}};
};
struct YesNoWords {
  static constexpr std::string_view kName = "true, false";
  static constexpr std::array<std::pair<std::string_view, bool>, 2> kWords{
      {{"true", true}, {"false", false}}};
};
struct LevelWords {
  static constexpr std::string_view kName = "debug, info, warn, error";
  static constexpr std::array<std::pair<std::string_view, log::Level>, 4> kWords{
      {{"debug", log::Level::debug},
       {"info", log::Level::info},
       {"warn", log::Level::warn},
       {"error", log::Level::error}}};
};
struct FormatWords {
  static constexpr std::string_view kName = "text, json";
  static constexpr std::array<std::pair<std::string_view, log::Format>, 2> kWords{
      {{"text", log::Format::text}, {"json", log::Format::json}}};
};

template <class KindOf>
constexpr bool kOrdered = std::is_same_v<KindOf, DurationKind> || std::is_same_v<KindOf, BytesKind> ||
                          std::is_same_v<KindOf, CountKind>;

template <class KindOf, class Value>
Status check_bounds(const Setting& row, const Value& value) {
  const auto refuse = [](std::string_view relation, std::string_view bound) {
    return Error{ErrorCode::invalid, std::string(relation) + std::string(bound)};
  };
  if (!row.minimum.empty() && value < KindOf::parse(row.minimum).value())
    return refuse("is less than ", row.minimum);
  if (!row.maximum.empty() && value > KindOf::parse(row.maximum).value())
    return refuse("is more than ", row.maximum);
  return ok();
}

// Those of a list hold for each of its elements.
Status check_each(const Setting& row, const std::vector<Milliseconds>& values) {
  for (const Milliseconds value : values) {
    TRY_STATUS(check_bounds<DurationKind>(row, value));
  }
  return ok();
}

template <auto Member, class KindOf>
Status assign(const Setting& row, Settings& settings, std::string_view text) {
  TRY(auto value, KindOf::parse(text));
  if constexpr (kOrdered<KindOf>) {
    TRY_STATUS(check_bounds<KindOf>(row, value));
  } else if constexpr (std::is_same_v<KindOf, DurationsKind>) {
    TRY_STATUS(check_each(row, value));
  }
  settings.*Member = std::move(value);
  return ok();
}

template <auto Member, class KindOf>
constexpr Setting setting(Setting row) {
  row.kind = KindOf::kName;
  row.assign = &assign<Member, KindOf>;
  return row;
}

template <auto Member, class KindOf>
Status assign_named(Settings& settings, const std::string& name, std::string_view text) {
  TRY(auto value, KindOf::parse(text));
  settings.oauth_providers[name].*Member = std::move(value);
  return ok();
}

template <auto Member, class KindOf>
constexpr NamedSetting provider_setting(Setting row) {
  row.kind = KindOf::kName;
  row.used_by = {ingress, standalone};
  return {row, &assign_named<Member, KindOf>};
}

constexpr Programs kAll{ingress, worker, admin, migrate, standalone};
constexpr Programs kOfStore{worker, admin, migrate, standalone};
constexpr Programs kOfIngress{ingress, standalone};
constexpr Programs kOfWorker{worker, standalone};
constexpr Programs kOfAdmin{admin, standalone};

// Keys without a section come first, then each section in one piece: a TOML file needs that order.
constexpr std::array kTable{
    setting<&Settings::data_dir, PathKind>(
        {.key = "data_dir",
         .environment = "PENSTOCK_DATA_DIR",
         .example = "/var/lib/penstock",
         .help =
             "Folder of the standalone program: its two databases and the secrets it generates; not set, "
             "it is /var/lib/penstock for root, else $XDG_DATA_HOME/penstock or ~/.local/share/penstock. The "
             "ingress keeps its copy of the settings there, so that it can start while Kafka is away; not "
             "set, none.",
         .used_by = {ingress, standalone}}),
    setting<&Settings::log, LogUrlKind>({.key = "log",
                                         .environment = "PENSTOCK_LOG",
                                         .example = "kafka://h1:9092,h2:9092",
                                         .help = "The event log; separate processes need Kafka, standalone "
                                                 "has sqlite:<data_dir>/log.db when not set.",
                                         .used_by = kAll,
                                         .required_by = {ingress, worker, admin, migrate},
                                         .shown = Shown::without_password}),
    setting<&Settings::store, StoreUrlKind>({.key = "store",
                                             .environment = "PENSTOCK_STORE",
                                             .example = "postgresql://penstock@h3:5432/penstock",
                                             .help = "The store of all state; separate processes need "
                                                     "PostgreSQL, standalone has sqlite:<data_dir>/state.db "
                                                     "when not set.",
                                             .used_by = kOfStore,
                                             .required_by = {worker, admin, migrate},
                                             .shown = Shown::without_password}),
    setting<&Settings::redis, RedisUrlKind>(
        {.key = "redis",
         .environment = "PENSTOCK_REDIS",
         .example = "redis://h4:6379/0",
         .help = "The seen-set, a fast path of dedupe; not set, the store alone finds duplicates.",
         .used_by = kOfWorker,
         .shown = Shown::without_password}),
    setting<&Settings::topic_prefix, PrefixKind>(
        {.key = "topic_prefix",
         .environment = "PENSTOCK_TOPIC_PREFIX",
         .fallback = "penstock.",
         .help = "What the names of topics and consumer groups begin with.",
         .used_by = kAll}),
    setting<&Settings::master_keys, MasterKeysKind>(
        {.key = "master_key",
         .environment = "PENSTOCK_MASTER_KEY",
         .help = "What the secrets of partners, apps and connectors are sealed under; of several keys, 4 at "
                 "most, the "
                 "first one seals and all of them open (rotation); standalone generates one when not set.",
         .used_by = {ingress, worker, admin, standalone},
         .required_by = {ingress, admin},
         .shown = Shown::never}),

    setting<&Settings::stripe_webhook_secrets, StripeSecretsKind>(
        {.key = "stripe.webhook_secret",
         .environment = "STRIPE_WEBHOOK_SECRET",
         .help = "Stripe's endpoint secrets, any of which may have signed: rotation, live and test, Connect; "
                 "standalone "
                 "generates one when not set.",
         .used_by = kOfIngress,
         .required_by = {ingress},
         .shown = Shown::never}),
    setting<&Settings::stripe_mode, WordKind<StripeModeWords>>(
        {.key = "stripe.mode",
         .environment = "PENSTOCK_STRIPE_MODE",
         .fallback = "both",
         .help = "Whose events have effects: those of the other mode are acknowledged and ignored.",
         .used_by = kOfWorker}),
    setting<&Settings::trust_connected_accounts, WordKind<YesNoWords>>(
        {.key = "stripe.trust_connected_accounts",
         .environment = "PENSTOCK_TRUST_CONNECTED_ACCOUNTS",
         .fallback = "false",
         .help =
             "Whether sessions and subscriptions of connected accounts may credit wallets, grant and show in "
             "users' profiles; their owners write what these say.",
         .used_by = kOfWorker}),
    setting<&Settings::stripe_tolerance, DurationKind>(
        {.key = "stripe.tolerance",
         .environment = "PENSTOCK_STRIPE_TOLERANCE",
         .fallback = "300s",
         .minimum = "1s",
         .maximum = "1h",
         .help = "How far a signature's time may be from ours, either way.",
         .used_by = kOfIngress}),

    setting<&Settings::public_url, OriginKind>({.key = "ingress.public_url",
                                                .environment = "PENSTOCK_PUBLIC_URL",
                                                .example = "https://hooks.example.com",
                                                .help = "What the public listener is called from outside: "
                                                        "identity providers send people back to it, and "
                                                        "sessions are issued by that name; not set, it is "
                                                        "http://127.0.0.1 and the port of PENSTOCK_LISTEN.",
                                                .used_by = kOfIngress}),
    setting<&Settings::listen, AddressKind>({.key = "ingress.listen",
                                             .environment = "PENSTOCK_LISTEN",
                                             .fallback = "127.0.0.1:8080",
                                             .help = "The public listener; port 0 picks a free one.",
                                             .used_by = kOfIngress}),
    setting<&Settings::body_bytes_max, BytesKind>(
        {.key = "ingress.max_body",
         .environment = "PENSTOCK_MAX_BODY",
         .fallback = "512KiB",
         .minimum = "1KiB",
         .maximum = "16MiB",
         .help = "The largest body that is read; a larger one is answered 413. One number for all programs: "
                 "what topics and clients take follows from it.",
         .used_by = kAll}),
    setting<&Settings::body_bytes_total_max, BytesKind>(
        {.key = "ingress.max_bodies",
         .environment = "PENSTOCK_MAX_BODIES",
         .fallback = "256MiB",
         .minimum = "16MiB",
         .maximum = "64GiB",
         .help = "The memory for the bodies of all requests at once; beyond it the answer is 503.",
         .used_by = kOfIngress}),
    setting<&Settings::body_bytes_per_address_max, BytesKind>(
        {.key = "ingress.max_bodies_per_address",
         .environment = "PENSTOCK_MAX_BODIES_PER_ADDRESS",
         .example = "32MiB",
         .minimum = "1KiB",
         .maximum = "64GiB",
         .help = "The share of PENSTOCK_MAX_BODIES for those from one address (IPv6: one /64), at least one "
                 "whole body; not set, it is an eighth. Behind a reverse proxy all come from one address.",
         .used_by = kOfIngress}),
    setting<&Settings::ingress_threads, CountKind>(
        {.key = "ingress.threads",
         .environment = "PENSTOCK_INGRESS_THREADS",
         .fallback = "0",
         .maximum = "256",
         .help = "Threads that serve connections; 0 is one a core.",
         .used_by = kOfIngress}),
    setting<&Settings::ack_timeout, DurationKind>(
        {.key = "ingress.ack_timeout",
         .environment = "PENSTOCK_ACK_TIMEOUT",
         .fallback = "5s",
         .minimum = "100ms",
         .maximum = "60s",
         .help = "How long the log may take to acknowledge a record; then a webhook is answered 503 with "
                 "Retry-After, and a worker tries a dead letter again.",
         .used_by = {ingress, worker, standalone}}),
    setting<&Settings::connections_max, CountKind>(
        {.key = "ingress.max_connections",
         .environment = "PENSTOCK_MAX_CONNECTIONS",
         .fallback = "4096",
         .minimum = "1",
         .maximum = "1000000",
         .help = "Open connections in all; further ones are closed at once.",
         .used_by = kOfIngress}),
    setting<&Settings::connections_per_address_max, CountKind>(
        {.key = "ingress.max_connections_per_address",
         .environment = "PENSTOCK_MAX_CONNECTIONS_PER_ADDRESS",
         .fallback = "1024",
         .minimum = "1",
         .maximum = "1000000",
         .help = "Open connections from one address; behind a reverse proxy all come from one.",
         .used_by = kOfIngress}),
    setting<&Settings::header_timeout, DurationKind>(
        {.key = "ingress.header_timeout",
         .environment = "PENSTOCK_HEADER_TIMEOUT",
         .fallback = "5s",
         .minimum = "100ms",
         .maximum = "5m",
         .help = "How long a request's header may take to arrive.",
         .used_by = kOfIngress}),
    setting<&Settings::body_timeout, DurationKind>({.key = "ingress.body_timeout",
                                                    .environment = "PENSTOCK_BODY_TIMEOUT",
                                                    .fallback = "10s",
                                                    .minimum = "100ms",
                                                    .maximum = "5m",
                                                    .help = "How long a request's body may take to arrive.",
                                                    .used_by = kOfIngress}),
    setting<&Settings::idle_timeout, DurationKind>(
        {.key = "ingress.idle_timeout",
         .environment = "PENSTOCK_IDLE_TIMEOUT",
         .fallback = "30s",
         .minimum = "100ms",
         .maximum = "10m",
         .help = "How long a kept-alive connection may stay silent between two requests.",
         .used_by = kOfIngress}),

    setting<&Settings::trusted_proxies, IpRangesKind>(
        {.key = "ingress.trusted_proxies",
         .environment = "PENSTOCK_TRUSTED_PROXIES",
         .example = "10.0.0.0/8,2001:db8::7",
         .help =
             "Reverse proxies of ours: what they say in X-Forwarded-For of who came to them is believed, for "
             "limits per client; not set, nobody is believed.",
         .used_by = kOfIngress}),

    setting<&Settings::app_url, OriginKind>(
        {.key = "sessions.app_url",
         .environment = "PENSTOCK_APP_URL",
         .example = "https://app.example.com",
         .help = "Where people are sent once they have signed in; not set, it is PENSTOCK_PUBLIC_URL.",
         .used_by = kOfIngress}),
    setting<&Settings::session_ttl, DurationKind>({.key = "sessions.ttl",
                                                   .environment = "PENSTOCK_SESSION_TTL",
                                                   .fallback = "7d",
                                                   .minimum = "1m",
                                                   .maximum = "90d",
                                                   .help = "How long who has signed in stays so.",
                                                   .used_by = kOfIngress}),
    setting<&Settings::sign_in_rate, CountKind>(
        {.key = "sessions.sign_in_rate",
         .environment = "PENSTOCK_SIGN_IN_RATE",
         .fallback = "300",
         .maximum = "1000000",
         .help = "Requests a minute of sign-ins, there and back, that each ingress takes from "
                 "one address (IPv6: one /64), as many at once; beyond it 429. 0 is no limit.",
         .used_by = kOfIngress}),

    setting<&Settings::allow_hosts, IpRangesKind>({.key = "outgoing.allow_hosts",
                                                   .environment = "PENSTOCK_ALLOW_HOSTS",
                                                   .example = "10.1.2.3,10.9.0.0/16",
                                                   .help =
                                                       "What requests of ours may reach although it is no "
                                                       "public address, in cleartext and on any port too; "
                                                       "not set, nothing.",
                                                   .used_by = {ingress, worker, admin, standalone}}),
    setting<&Settings::outbound_schedule, DurationsKind>(
        {.key = "outgoing.schedule",
         .environment = "PENSTOCK_OUTBOUND_SCHEDULE",
         .fallback = "5s,5m,30m,2h,5h,10h,14h,20h,24h",
         .maximum = "30d",
         .help = "When an outgoing webhook that was not taken is sent again, each delay counted from the "
                 "attempt before, a fifth more or less; after the last one the delivery has failed.",
         .used_by = kOfWorker}),
    setting<&Settings::outbound_timeout, DurationKind>(
        {.key = "outgoing.timeout",
         .environment = "PENSTOCK_OUTBOUND_TIMEOUT",
         .fallback = "15s",
         .minimum = "100ms",
         .maximum = "2m",
         .help = "How long an attempt of an outgoing webhook may take, from the look-up of the name to the "
                 "end of "
                 "the answer.",
         .used_by = {worker, admin, standalone}}),
    setting<&Settings::webhook_log_retention, DurationKind>(
        {.key = "outgoing.log_retention",
         .environment = "PENSTOCK_WEBHOOK_LOG_RETENTION",
         .fallback = "30d",
         .minimum = "1h",
         .maximum = "3650d",
         .help = "How long the attempts of outgoing webhooks are on record. The events themselves, their "
                 "feed and "
                 "their deliveries are kept as long as PENSTOCK_INBOX_RETENTION says.",
         .used_by = kOfAdmin}),
    setting<&Settings::secret_overlap, DurationKind>(
        {.key = "outgoing.secret_overlap",
         .environment = "PENSTOCK_SECRET_OVERLAP",
         .fallback = "24h",
         .minimum = "0s",
         .maximum = "30d",
         .help = "How long an outgoing webhook is signed with the secret before beside a new one.",
         .used_by = kOfAdmin}),

    setting<&Settings::ads_rate, CountKind>(
        {.key = "ads.rate",
         .environment = "PENSTOCK_ADS_RATE",
         .fallback = "20",
         .maximum = "1000000",
         .help =
             "Impressions a second that each ingress takes from one address (IPv6: one /64), twice that at "
             "once; beyond it 429. 0 is no limit.",
         .used_by = kOfIngress}),

    setting<&Settings::reports_rate, CountKind>(
        {.key = "reports.rate",
         .environment = "PENSTOCK_REPORTS_RATE",
         .fallback = "10",
         .maximum = "1000000",
         .help = "Reports a minute that each ingress takes from one user who is signed in, as many at once; "
                 "beyond it 429. 0 is no limit.",
         .used_by = kOfIngress}),
    setting<&Settings::reports_key_rate, CountKind>(
        {.key = "reports.key_rate",
         .environment = "PENSTOCK_REPORTS_KEY_RATE",
         .fallback = "600",
         .maximum = "1000000",
         .help = "Reports a minute that each ingress takes from one API key, as many at once; beyond it 429. "
                 "0 is no limit.",
         .used_by = kOfIngress}),

    setting<&Settings::admin_listen, AddressKind>({.key = "admin.listen",
                                                   .environment = "PENSTOCK_ADMIN_LISTEN",
                                                   .fallback = "127.0.0.1:8081",
                                                   .help = "The private listener; port 0 picks a free one.",
                                                   .used_by = kOfAdmin}),
    setting<&Settings::admin_token, TokenKind>(
        {.key = "admin.token",
         .environment = "PENSTOCK_ADMIN_TOKEN",
         .help = "The root bearer token of the admin API; standalone generates one when not set.",
         .used_by = kOfAdmin,
         .required_by = {admin},
         .shown = Shown::never}),

    setting<&Settings::metrics_listen, AddressKind>(
        {.key = "metrics.listen",
         .environment = "PENSTOCK_METRICS_LISTEN",
         .fallback = "127.0.0.1:0",
         .help = "Where the ingress and the workers serve GET /metrics, /healthz and /readyz; port 0 picks a "
                 "free one.",
         .used_by = {ingress, worker}}),

    setting<&Settings::worker_instance, NameKind>({.key = "worker.instance",
                                                   .environment = "PENSTOCK_WORKER_INSTANCE",
                                                   .example = "worker-1",
                                                   .help =
                                                       "A name that no other worker has and this one keeps, "
                                                       "so that its restart moves no partitions; not set, it "
                                                       "is a new member at each start.",
                                                   .used_by = {worker}}),
    setting<&Settings::batch_records_max, CountKind>(
        {.key = "worker.batch_records",
         .environment = "PENSTOCK_BATCH_RECORDS",
         .fallback = "500",
         .minimum = "1",
         .maximum = "10000",
         .help = "The most events that are applied in one transaction.",
         .used_by = kOfWorker}),
    setting<&Settings::batch_wait, DurationKind>(
        {.key = "worker.batch_wait",
         .environment = "PENSTOCK_BATCH_WAIT",
         .fallback = "250ms",
         .minimum = "1ms",
         .maximum = "5s",
         .help = "How long a worker waits for the first event of a batch before it looks again.",
         .used_by = kOfWorker}),
    setting<&Settings::pool_stuck_after, DurationKind>(
        {.key = "worker.pool_stuck_after",
         .environment = "PENSTOCK_POOL_STUCK_AFTER",
         .fallback = "15s",
         .minimum = "1s",
         .maximum = "1h",
         .help = "How long a pool that has events to do may apply none before it counts as stuck: /readyz "
                 "of its process "
                 "is 503 then, and the alert pool_stuck is raised.",
         .used_by = {worker, admin, standalone}}),
    setting<&Settings::seen_ttl, DurationKind>({.key = "worker.seen_ttl",
                                                .environment = "PENSTOCK_SEEN_TTL",
                                                .fallback = "24h",
                                                .minimum = "1m",
                                                .maximum = "90d",
                                                .help = "How long Redis remembers an applied event.",
                                                .used_by = kOfWorker}),
    setting<&Settings::payout_retry_schedule, DurationsKind>(
        {.key = "worker.payout_retry_schedule",
         .environment = "PENSTOCK_PAYOUT_RETRY_SCHEDULE",
         .fallback = "1h,6h,24h",
         .maximum = "365d",
         .help = "When a failed payout's retries fall due, each counted from its failure; their number is "
                 "the cap.",
         .used_by = kOfWorker}),
    setting<&Settings::lookup_schedule, DurationsKind>(
        {.key = "worker.lookup_schedule",
         .environment = "PENSTOCK_LOOKUP_SCHEDULE",
         .fallback = "1s,5s,30s,5m,30m",
         .maximum = "1d",
         .help =
             "When a payment that a confirmation waits for is looked up again, each delay counted from the "
             "look-up before; after the last one the confirmation is parked.",
         .used_by = kOfWorker}),
    setting<&Settings::inbox_retention, DurationKind>(
        {.key = "worker.inbox_retention",
         .environment = "PENSTOCK_INBOX_RETENTION",
         .fallback = "35d",
         .minimum = "35d",
         .maximum = "3650d",
         .help = "How long after its receipt the store knows an event's key and the log keeps its body; "
                 "Stripe can send an "
                 "event again "
                 "for 30 days.",
         .used_by = kAll}),

    setting<&Settings::store_connections_max, CountKind>(
        {.key = "postgres.connections",
         .environment = "PENSTOCK_STORE_CONNECTIONS",
         .fallback = "8",
         .minimum = "1",
         .maximum = "1000",
         .help = "Connections to PostgreSQL of one process, at most.",
         .used_by = kOfStore}),

    setting<&Settings::kafka_partitions, CountKind>(
        {.key = "kafka.partitions",
         .environment = "PENSTOCK_KAFKA_PARTITIONS",
         .fallback = "12",
         .minimum = "1",
         .maximum = "10000",
         .help = "Partitions of each topic, at least; as many workers of a pool can share its work.",
         .used_by = kAll}),
    setting<&Settings::kafka_replication, CountKind>(
        {.key = "kafka.replication",
         .environment = "PENSTOCK_KAFKA_REPLICATION",
         .fallback = "0",
         .maximum = "100",
         .help =
             "Replicas of each topic, at least; 0 is three for a new one, or as many as there are brokers "
             "when they are fewer.",
         .used_by = kAll}),
    setting<&Settings::kafka_min_insync, CountKind>(
        {.key = "kafka.min_insync",
         .environment = "PENSTOCK_KAFKA_MIN_INSYNC",
         .fallback = "0",
         .maximum = "100",
         .help = "Replicas that must have a record before it is acknowledged, at least; 0 is one less than "
                 "the topic has, and never none.",
         .used_by = kAll}),
    setting<&Settings::kafka_linger, DurationKind>(
        {.key = "kafka.linger",
         .environment = "PENSTOCK_KAFKA_LINGER",
         .fallback = "1ms",
         .maximum = "1s",
         .help = "How long a record waits for others to be sent with it.",
         .used_by = {ingress, worker, standalone}}),

    setting<&Settings::log_level, WordKind<LevelWords>>(
        {.key = "logging.level",
         .environment = "PENSTOCK_LOG_LEVEL",
         .fallback = "info",
         .help = "The least severe lines that are written to stderr.",
         .used_by = kAll}),
    setting<&Settings::log_format, WordKind<FormatWords>>({.key = "logging.format",
                                                           .environment = "PENSTOCK_LOG_FORMAT",
                                                           .fallback = "text",
                                                           .help = "How a line is written: text, or JSON.",
                                                           .used_by = kAll}),
};

constexpr std::array kNamedTable{
    provider_setting<&OauthProvider::issuer, UrlKind>(
        {.key = "oauth.<name>.issuer",
         .environment = "PENSTOCK_OAUTH_<NAME>_ISSUER",
         .example = "https://accounts.example.com",
         .help = "An OpenID Connect provider, which tells where its parts are; in cleartext on a loopback or "
                 "an allowed "
                 "host only."}),
    provider_setting<&OauthProvider::client_id, CredentialKind>(
        {.key = "oauth.<name>.client_id",
         .environment = "PENSTOCK_OAUTH_<NAME>_CLIENT_ID",
         .example = "penstock",
         .help = "What the provider calls us."}),
    provider_setting<&OauthProvider::client_secret, CredentialKind>(
        {.key = "oauth.<name>.client_secret",
         .environment = "PENSTOCK_OAUTH_<NAME>_CLIENT_SECRET",
         .help = "What it knows us by.",
         .shown = Shown::never}),
    provider_setting<&OauthProvider::authorize_url, UrlKind>(
        {.key = "oauth.<name>.authorize_url",
         .environment = "PENSTOCK_OAUTH_<NAME>_AUTHORIZE_URL",
         .example = "https://github.com/login/oauth/authorize",
         .help = "Of a provider without an issuer: where people are sent to sign in."}),
    provider_setting<&OauthProvider::token_url, UrlKind>(
        {.key = "oauth.<name>.token_url",
         .environment = "PENSTOCK_OAUTH_<NAME>_TOKEN_URL",
         .example = "https://github.com/login/oauth/access_token",
         .help = "Of a provider without an issuer: where a code is exchanged."}),
    provider_setting<&OauthProvider::userinfo_url, UrlKind>(
        {.key = "oauth.<name>.userinfo_url",
         .environment = "PENSTOCK_OAUTH_<NAME>_USERINFO_URL",
         .example = "https://api.github.com/user",
         .help = "Of a provider without an issuer: who has signed in, by sub or id."}),
    provider_setting<&OauthProvider::scopes, ScopesKind>(
        {.key = "oauth.<name>.scopes",
         .environment = "PENSTOCK_OAUTH_<NAME>_SCOPES",
         .example = "openid,email,profile",
         .help = "What people are asked to let us know; not set, it is openid, email and profile of a "
                 "provider with an "
                 "issuer, else nothing."}),
};

}  // namespace

std::span<const Setting> setting_table() noexcept { return kTable; }
std::span<const NamedSetting> named_setting_table() noexcept { return kNamedTable; }

}  // namespace penstock
