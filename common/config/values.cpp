#include "common/config/values.h"

#include <algorithm>
#include <array>
#include <boost/url/grammar/hexdig_chars.hpp>
#include <boost/url/pct_string_view.hpp>
#include <charconv>
#include <limits>
#include <span>

#include "common/crypto/crypto.h"
#include "common/net/outgoing_url.h"

namespace penstock {
namespace {

Error refuse(std::string why) { return {ErrorCode::invalid, std::move(why)}; }

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_name_char(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
}
bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_graphic(char c) noexcept { return c > ' ' && c < 0x7f; }

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::int64_t> whole_number(std::string_view text) noexcept {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (text.empty() || !is_digit(text.front()) || parsed.ec != std::errc{} || parsed.ptr != end)
    return std::nullopt;
  return number;
}

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// "<number><unit>" in the smallest unit; nullopt when malformed, without a unit, or beyond int64.
std::optional<std::int64_t> number_with_unit(std::string_view text, std::span<const Unit> units) noexcept {
  const auto digits = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto length = static_cast<std::size_t>(digits - text.begin());
  const auto number = whole_number(text.substr(0, length));
  const auto unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == text.substr(length); });
  std::int64_t product = 0;
  if (!number || unit == units.end() || __builtin_mul_overflow(*number, unit->factor, &product))
    return std::nullopt;
  return product;
}

// What follows `scheme`, or nullopt when the text begins otherwise.
std::optional<std::string_view> after_scheme(std::string_view text, std::string_view scheme) noexcept {
  if (!text.starts_with(scheme)) return std::nullopt;
  return text.substr(scheme.size());
}

Result<std::string> percent_decode(std::string_view text) {
  const auto escaped = boost::urls::make_pct_string_view(text);
  if (!escaped) return refuse("has a '%' that two hexadecimal digits do not follow");
  return escaped->decode();
}

Result<SqliteUrl> sqlite_url(std::string_view path) {
  if (path.empty()) return refuse("names no file after sqlite:");
  if (path.starts_with("//")) return refuse("is sqlite:PATH, without slashes of its own before the path");
  return SqliteUrl{std::string(path)};
}

Result<std::string> brokers(std::string_view list) {
  for (const auto broker : split(list, ',')) {
    const auto address = parse_address(broker);
    if (!address || address.value().port == 0)
      return refuse("names its brokers as kafka://host:port,host:port");
  }
  return std::string(list);
}

struct KeyPrefix {
  std::string_view prefix;
  std::string_view what;
};
// What people have at hand when they look for the signing secret (docs.stripe.com/keys).
constexpr std::array<KeyPrefix, 8> kOtherKeys{{{"sk_", "a secret API key"},
                                               {"rk_", "a restricted API key"},
                                               {"pk_", "a publishable API key"},
                                               {"ek_", "an ephemeral key"},
                                               {"acct_", "an account's id"},
                                               {"ca_", "a Connect client id"},
                                               {"we_", "an endpoint's id"},
                                               {"ed_", "an event destination's id"}}};

Status check_stripe_secret(std::string_view secret) {
  constexpr std::size_t kLengthMin = 16;
  constexpr std::string_view kPrefix = "whsec_";
  if (secret.empty()) return refuse("has an empty secret; anyone could sign with it");
  if (is_space(secret.front()) || is_space(secret.back()))
    return refuse("has a secret with white space around it; no signature would match");
  if (secret.front() == '"' || secret.front() == '\'')
    return refuse("has a secret in quotation marks; leave them out");
  for (const auto& other : kOtherKeys)
    if (secret.starts_with(other.prefix))
      return refuse(
          "looks like " + std::string(other.what) + " (" + std::string(other.prefix) +
          "…); an endpoint's signing secret begins with whsec_, and Stripe shows it with the endpoint");
  if (secret.size() < kLengthMin)
    return refuse(
        secret.starts_with(kPrefix)
            ? "looks like a signing secret that was cut off: it has fewer than 16 characters"
            : "looks like no signing secret: it has fewer than 16 characters; Stripe's begin with whsec_");
  return ok();
}

// libpq ends the user and password at the first of these, and would show what it takes for the host.
bool has_unescaped_password(std::string_view after_scheme) {
  const auto before_query = after_scheme.substr(0, after_scheme.find('?'));
  const auto last_at = before_query.rfind('@');
  if (last_at != std::string_view::npos) return before_query.find_first_of("@/") != last_at;
  const auto value = before_query.find(':');  // a port, or a password with a '?'
  return value != std::string_view::npos && before_query.find('/') == std::string_view::npos &&
         after_scheme.find('@') != std::string_view::npos &&
         !std::all_of(before_query.begin() + static_cast<std::ptrdiff_t>(value) + 1, before_query.end(),
                      is_digit);
}

}  // namespace

std::string to_string(const Address& address) {
  const bool bracketed = address.host.find(':') != std::string::npos;
  return (bracketed ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

Result<Address> parse_address(std::string_view text) {
  constexpr std::string_view kForm = "is not host:port (an IPv6 host in brackets)";
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse(std::string(kForm));
  const auto port = whole_number(text.substr(colon + 1));
  if (!port || *port > std::numeric_limits<std::uint16_t>::max())
    return refuse("has no port between 0 and 65535");
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto allowed = [&](char c) {
    return bracketed ? boost::urls::grammar::hexdig_chars(c) || c == ':' || c == '.' : is_name_char(c);
  };
  if (host.empty() || !std::all_of(host.begin(), host.end(), allowed)) return refuse(std::string(kForm));
  return Address{std::string(host), static_cast<std::uint16_t>(*port)};
}

Result<Milliseconds> parse_duration(std::string_view text) {
  static constexpr std::array<Unit, 5> kUnits{
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  if (const auto ms = number_with_unit(text, kUnits)) return Milliseconds{*ms};
  return refuse("is not a whole number followed by ms, s, m, h or d");
}

Result<Bytes> parse_bytes(std::string_view text) {
  static constexpr std::array<Unit, 4> kUnits{
      {{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}};
  if (const auto bytes = number_with_unit(text, kUnits)) return Bytes{static_cast<std::size_t>(*bytes)};
  return refuse("is not a whole number followed by B, KiB, MiB or GiB");
}

Result<int> parse_count(std::string_view text) {
  const auto number = whole_number(text);
  if (!number || *number > std::numeric_limits<int>::max()) return refuse("is not a whole number");
  return static_cast<int>(*number);
}

Result<std::vector<Milliseconds>> parse_durations(std::string_view text) {
  std::vector<Milliseconds> durations;
  for (const auto part : split(text, ',')) {
    TRY(const auto duration, parse_duration(part));
    durations.push_back(duration);
  }
  return durations;
}

Result<std::vector<std::string>> parse_stripe_secrets(std::string_view text) {
  constexpr std::size_t kSecretsMax = 16;
  std::vector<std::string> secrets;
  for (const auto secret : split(text, ',')) {
    TRY_STATUS(check_stripe_secret(secret));
    if (secrets.size() == kSecretsMax)
      return refuse("has more than 16 secrets: leave out those of endpoints that are gone");
    secrets.emplace_back(secret);
  }
  return secrets;
}

Result<std::vector<std::string>> parse_master_keys(std::string_view text) {
  constexpr std::size_t kKeysMax = 4;  // more than a rotation has, and each process tries them all
  constexpr std::size_t kKeyBytes = 32;
  std::vector<std::string> keys;
  for (const auto part : split(text, ',')) {
    const auto key = crypto::from_base64(part);
    if (!key || key->size() != kKeyBytes)
      return refuse("has a key that is no base64 of 32 bytes; make one with: openssl rand -base64 32");
    if (std::find(keys.begin(), keys.end(), *key) != keys.end()) return refuse("has one key twice");
    if (keys.size() == kKeysMax)
      return refuse("has more than 4 keys: leave out those that nothing is sealed under any more");
    keys.push_back(*key);
  }
  return keys;
}

Result<std::vector<IpRange>> parse_ip_ranges(std::string_view text) {
  constexpr std::size_t kRangesMax = 64;
  std::vector<IpRange> ranges;
  if (text.empty()) return ranges;
  for (const auto part : split(text, ',')) {
    const auto number = std::to_string(ranges.size() + 1);
    const auto range = parse_ip_range(part);
    if (!range) return refuse("has a part, number " + number + ", that " + range.error().detail);
    if (ranges.size() == kRangesMax) return refuse("has more than 64 parts");
    ranges.push_back(range.value());
  }
  return ranges;
}

Result<std::string> parse_token(std::string_view text) {
  constexpr std::size_t kLengthMin = 16;
  if (text.size() < kLengthMin) return refuse("has fewer than 16 characters");
  if (!std::all_of(text.begin(), text.end(), is_graphic))
    return refuse("has characters that no HTTP header can carry");
  return std::string(text);
}

Result<std::string> parse_topic_prefix(std::string_view text) {
  constexpr std::size_t kLengthMax = 200;  // Kafka: 249 for the whole name
  TRY(auto prefix, parse_name(text));
  if (prefix.size() > kLengthMax) return refuse("is longer than 200 characters");
  return prefix;
}

Result<std::string> parse_name(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), is_name_char))
    return refuse("has other characters than letters, digits, '.', '_' and '-'");
  return std::string(text);
}

Result<std::string> parse_origin(std::string_view text) {
  TRY(const auto url, parse_outgoing_url(text, true));
  if (url.target != "/") return refuse("has a path: it is https://host[:port] alone");
  auto origin = to_string(url);
  origin.pop_back();
  return origin;
}

Result<std::string> parse_url(std::string_view text) {
  TRY_STATUS(parse_outgoing_url(text, true));
  return std::string(text);
}

Result<std::string> parse_credential(std::string_view text) {
  constexpr std::size_t kLengthMax = 512;
  if (text.empty()) return refuse("is empty");
  if (text.size() > kLengthMax) return refuse("is longer than 512 characters");
  if (!std::all_of(text.begin(), text.end(), is_graphic))
    return refuse("has other characters than visible ASCII");
  return std::string(text);
}

Result<std::vector<std::string>> parse_scopes(std::string_view text) {
  constexpr std::size_t kScopesMax = 32;
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), ',', ' ');
  std::vector<std::string> scopes;
  for (const auto scope : split(spaced, ' ')) {
    if (scope.empty()) continue;
    if (!std::all_of(scope.begin(), scope.end(),
                     [](char c) { return is_graphic(c) && c != '"' && c != '\\'; }))
      return refuse("has a scope with a character that none has");
    scopes.emplace_back(scope);
  }
  if (scopes.size() > kScopesMax) return refuse("has more than 32 scopes");
  return scopes;
}

Result<std::string> parse_path(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return refuse("is no path");
  return std::string(text);
}

Result<LogUrl> parse_log_url(std::string_view text) {
  if (text.empty()) return LogUrl{};
  if (const auto path = after_scheme(text, "sqlite:")) {
    TRY(auto url, sqlite_url(*path));
    return LogUrl{std::move(url)};
  }
  if (const auto list = after_scheme(text, "kafka://")) {
    TRY(auto hosts, brokers(*list));
    return LogUrl{KafkaUrl{std::move(hosts)}};
  }
  return refuse("is neither kafka://host:port,… nor sqlite:PATH");
}

Result<StoreUrl> parse_store_url(std::string_view text) {
  if (text.empty()) return StoreUrl{};
  if (const auto path = after_scheme(text, "sqlite:")) {
    TRY(auto url, sqlite_url(*path));
    return StoreUrl{std::move(url)};
  }
  for (const auto scheme : {"postgresql://", "postgres://"})
    if (const auto rest = after_scheme(text, scheme)) {
      if (has_unescaped_password(*rest))
        return refuse("has a @, / or ? in its password: write %40, %2F, %3F");
      return StoreUrl{PostgresUrl{std::string(text)}};
    }
  return refuse("is neither postgresql://… nor sqlite:PATH");
}

Result<std::optional<RedisUrl>> parse_redis_url(std::string_view text) {
  if (text.empty()) return std::optional<RedisUrl>{};
  auto rest = after_scheme(text, "redis://");
  if (!rest) return refuse("is not redis://[user][:password@]host:port[/database] (TLS is not supported)");
  RedisUrl url;
  if (const auto at = rest->rfind('@'); at != std::string_view::npos) {
    const auto user = rest->substr(0, at);
    const auto colon = user.find(':');
    if (colon == std::string_view::npos) return refuse("names a user without a password");
    TRY(url.username, percent_decode(user.substr(0, colon)));
    TRY(url.password, percent_decode(user.substr(colon + 1)));
    rest->remove_prefix(at + 1);
  }
  const auto slash = rest->find('/');
  TRY(url.address, parse_address(rest->substr(0, slash)));
  if (url.address.port == 0) return refuse("has no port between 1 and 65535");
  if (slash != std::string_view::npos && slash + 1 < rest->size()) {
    TRY(url.database, parse_count(rest->substr(slash + 1)));
  }
  return std::optional<RedisUrl>{std::move(url)};
}

std::string redact_url(std::string_view text) {
  std::string out(text);
  const auto authority = out.find("://");
  const auto begin = authority == std::string::npos ? 0 : authority + 3;
  const auto at = out.rfind('@');
  const auto colon = out.find(':', begin);
  if (at != std::string::npos && colon < at) out.replace(colon + 1, at - colon - 1, "***");
  constexpr std::string_view kParameter = "password=";
  for (auto parameter = out.find(kParameter); parameter != std::string::npos;) {
    const auto value = parameter + kParameter.size();
    const auto end = std::min(out.find('&', value), out.size());
    out.replace(value, end - value, "***");
    parameter = out.find(kParameter, value);
  }
  return out;
}

}  // namespace penstock
