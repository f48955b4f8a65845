// What the text of a setting may say, one pure parser a kind. A refusal is Error{invalid, never, why}, and
// the why never repeats the text: it may hold a secret.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/core/result.h"
#include "common/core/time.h"
#include "common/net/ip_address.h"

namespace penstock {

// Where to listen or connect. Port 0 lets the system pick one when listening.
struct Address {
  std::string host;  // a name, an IPv4 or an IPv6 address, the latter without brackets
  std::uint16_t port = 0;
  bool operator==(const Address&) const = default;
};

// "127.0.0.1:8080", "[::1]:8080".
std::string to_string(const Address& address);

struct Bytes {
  std::size_t count = 0;
  auto operator<=>(const Bytes&) const = default;
};

struct SqliteUrl {
  std::string path;
  bool operator==(const SqliteUrl&) const = default;
};

struct KafkaUrl {
  std::string brokers;  // "h1:9092,h2:9092", as librdkafka's bootstrap.servers
  bool operator==(const KafkaUrl&) const = default;
};

struct PostgresUrl {
  std::string conninfo;  // the whole URL, as libpq takes it; may hold a password
  bool operator==(const PostgresUrl&) const = default;
};

struct RedisUrl {
  Address address;
  std::string username;  // empty: the default user
  std::string password;  // empty: no AUTH
  int database = 0;
  bool operator==(const RedisUrl&) const = default;
};

// monostate: not set.
using LogUrl = std::variant<std::monostate, KafkaUrl, SqliteUrl>;
using StoreUrl = std::variant<std::monostate, PostgresUrl, SqliteUrl>;

Result<Address> parse_address(std::string_view text);        // host:port, [v6]:port
Result<Milliseconds> parse_duration(std::string_view text);  // a whole number and ms, s, m, h or d
Result<Bytes> parse_bytes(std::string_view text);            // a whole number and B, KiB, MiB or GiB
Result<int> parse_count(std::string_view text);              // a whole number, not negative
Result<std::vector<Milliseconds>> parse_durations(
    std::string_view text);  // comma-separated, ascending or not
// Comma-separated, 16 at most: every request is tried with each. Refuses what no endpoint's signing secret
// is: other keys of Stripe's, cut-off ones.
Result<std::vector<std::string>> parse_stripe_secrets(std::string_view text);
// Comma-separated, 4 at most, all different: base64 of 32 bytes each, which is what they are here.
Result<std::vector<std::string>> parse_master_keys(std::string_view text);
// Comma-separated addresses and address/prefix, 64 at most; no names, which may lead elsewhere tomorrow. May be empty.
Result<std::vector<IpRange>> parse_ip_ranges(std::string_view text);
Result<std::string> parse_token(std::string_view text);         // printable ASCII without spaces
Result<std::string> parse_topic_prefix(std::string_view text);  // what Kafka allows in a topic name
Result<std::string> parse_name(std::string_view text);  // letters, digits, '.', '_', '-'; may be empty
// http(s)://host[:port] and no path; without the scheme's own port.
Result<std::string> parse_origin(std::string_view text);
// A URL to send requests to, without a user or a fragment; the text as it stands. In cleartext too: where that may lead is
// checked with all settings.
Result<std::string> parse_url(std::string_view text);
Result<std::string> parse_credential(std::string_view text);  // visible ASCII, 1 to 512
// Separated by spaces or commas, 32 at most (RFC 6749 section 3.3). May be empty.
Result<std::vector<std::string>> parse_scopes(std::string_view text);
Result<std::string> parse_path(std::string_view text);    // may be empty
Result<LogUrl> parse_log_url(std::string_view text);      // kafka://h1:p,h2:p or sqlite:PATH
Result<StoreUrl> parse_store_url(std::string_view text);  // postgresql://… or sqlite:PATH
Result<std::optional<RedisUrl>> parse_redis_url(
    std::string_view text);  // redis://[user][:password@]host:port[/db]

// The same text with the passwords of a URL replaced by "***", for what an operator may see.
std::string redact_url(std::string_view text);

}  // namespace penstock
