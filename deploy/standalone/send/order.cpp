#include "deploy/standalone/send/order.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "common/core/edit_distance.h"
#include "common/core/org.h"
#include "deploy/standalone/send/examples.h"
#include "deploy/standalone/shell.h"
#include "ingress/signatures/schemes.h"

namespace penstock::send {
namespace {

constexpr const char* kWhat = "TYPE|FILE";
constexpr const char* kSet = "--set";
constexpr const char* kScheme = "--scheme";
constexpr const char* kPartner = "--partner";
constexpr const char* kOrg = "--org";
constexpr const char* kTo = "--to";
constexpr const char* kSecret = "--secret";
constexpr const char* kSecretFile = "--secret-file";
constexpr const char* kCount = "--count";
constexpr const char* kRepeat = "--repeat";
constexpr const char* kWait = "--wait";
constexpr const char* kList = "--list";

constexpr int kCountMax = 100'000;

constexpr std::string_view kStripe = "stripe";
constexpr std::array<std::string_view, 2> kStripePaths{"/v1/webhook/stripe", "/api/webhooks/stripe"};
constexpr std::string_view kPartnerPaths = "/v1/webhooks/partners/";
constexpr std::string_view kOrgPaths = "/v1/orgs/";
constexpr std::string_view kConnectorPath = "/integrations/stripe";

Result<std::string> read_file(const std::string& path) {
  std::error_code ec;
  if (std::filesystem::is_directory(path, ec)) return bad_usage("cannot read " + path + ": it is a folder");
  std::ifstream stream(path, std::ios::binary);
  if (!stream.is_open()) return bad_usage("cannot read " + path + ": " + std::strerror(errno));
  return std::string((std::istreambuf_iterator<char>(stream)), {});
}

// Those that hold the text, or that it is a slip away from.
std::vector<std::string> near_types(const std::string& text) {
  std::vector<std::string> near;
  for (auto& type : example_types())
    if (type.find(text) != std::string::npos || edit_distance(type, text) <= text.size() / 4)
      near.push_back(std::move(type));
  return near;
}

template <class Texts>
std::string joined(const Texts& texts, std::string_view separator) {
  std::string all;
  for (const auto& text : texts) all.append(all.empty() ? "" : separator).append(text);
  return all;
}

Error unknown(const std::string& what) {
  const auto near = near_types(what);
  std::string text = what + ": neither a built-in type nor a file";
  if (!near.empty()) text += "; did you mean " + joined(near, ", ") + "?";
  return bad_usage(text + "\nThe built-in types:\n  " + joined(example_types(), "\n  "));
}

// The content of the file; nullopt for a built-in type.
Result<std::optional<std::string>> find_body(const std::string& what) {
  const auto types = example_types();
  if (std::find(types.begin(), types.end(), what) != types.end()) return std::optional<std::string>();
  std::error_code ec;
  if (!std::filesystem::exists(what, ec) && what.find('/') == std::string::npos && !what.ends_with(".json"))
    return unknown(what);
  TRY(auto content, read_file(what));
  return std::optional(std::move(content));
}

Error bad_option(std::string_view option, std::string_view why) {
  std::string text(option);
  return bad_usage(text.append(": ").append(why));
}

Result<std::string> find_scheme(const Invocation& invocation) {
  const auto scheme = invocation.option(kScheme).value_or(std::string(kStripe));
  const auto names = scheme_names();
  if (std::find(names.begin(), names.end(), scheme) != names.end()) return scheme;
  return bad_option(kScheme, "is not one of " + joined(names, ", "));
}

// Empty when it is no partner's.
Result<std::string> find_partner(const Invocation& invocation) {
  const auto partner = invocation.option(kPartner);
  if (!partner) return std::string();
  if (partner->empty()) return bad_option(kPartner, "names none");
  if (!invocation.option(kScheme))
    return bad_option(kPartner, std::string("say how it signs, with ") + kScheme + " NAME: one of " +
                                    joined(scheme_names(), ", "));
  return *partner;
}

// Empty when it is no org's.
Result<std::string> find_org(const Invocation& invocation, const std::string& scheme) {
  const auto org = invocation.option(kOrg);
  if (!org) return std::string();
  if (!is_org_name(*org)) return bad_option(kOrg, kOrgNameRule);
  if (invocation.option(kPartner))
    return bad_usage(std::string(kOrg) + ", " + kPartner + ": give one of them");
  if (scheme != kStripe) return bad_option(kOrg, "its Stripe account signs as stripe does");
  return *org;
}

std::string usual_path(const Order& order) {
  if (!order.partner.empty()) return std::string(kPartnerPaths) + path_segment(order.partner);
  if (!order.org.empty()) return std::string(kOrgPaths).append(order.org).append(kConnectorPath);
  return std::string(kStripePaths[0]);
}

// The org to whose connector the path leads; empty: to none.
std::string org_of_path(std::string_view target) {
  const auto path = target.substr(0, target.find('?'));
  if (!path.starts_with(kOrgPaths) || !path.ends_with(kConnectorPath)) return {};
  const auto org = path.substr(kOrgPaths.size(), path.size() - kOrgPaths.size() - kConnectorPath.size());
  return std::string(is_org_name(org) ? org : "");
}

// `--to` may be a path of the listener.
Result<HttpUrl> find_target(const Invocation& invocation, const Order& order) {
  const Address listener = reachable(invocation.settings.listen);
  const auto to = invocation.option(kTo).value_or("/");
  const bool is_path = to.starts_with('/');
  if (is_path && listener.port == 0)
    return bad_usage(
        "PENSTOCK_LISTEN has port 0, so its real address is not known here; say it with --to URL");
  auto url = parse_http_url(is_path ? "http://" + to_string(listener) + to : to);
  if (!url) return bad_option(kTo, url.error().detail);
  if (url.value().target == "/")
    url.value().target = usual_path(order);
  else if (!order.partner.empty() || !order.org.empty())
    return bad_usage(std::string(order.org.empty() ? kPartner : kOrg) + " says the path; leave it out of " +
                     kTo);
  return url;
}

Result<std::optional<Secret>> given_secret(const Invocation& invocation) {
  const auto text = invocation.option(kSecret);
  const auto file = invocation.option(kSecretFile);
  if (text && file) return bad_usage(std::string(kSecret) + ", " + kSecretFile + ": give one of them");
  if (text) return std::optional(Secret{*text, kSecret});
  if (!file) return std::optional<Secret>();
  TRY(auto value, read_secret_file(*file));
  return std::optional(Secret{std::move(value), *file});
}

// The first secret that the program it is sent to verifies Stripe's events with.
Result<Secret> usual_secret(const Settings& settings) {
  if (!settings.stripe_webhook_secrets.empty())
    return Secret{settings.stripe_webhook_secrets.front(), "STRIPE_WEBHOOK_SECRET"};
  const std::string file = in_data_dir(settings, "stripe_webhook_secret");
  auto value = read_secret_file(file);
  if (!value)
    return bad_usage(
        value.error().detail +
        "; penstock makes it when it first starts (with another PENSTOCK_DATA_DIR?). Or say where the "
        "secret is: --secret-file FILE, or STRIPE_WEBHOOK_SECRET");
  return Secret{std::move(value).value(), file};
}

// The platform's secret signs nothing that is not of its own Stripe account.
Result<Secret> find_secret(const Invocation& invocation, const Order& order) {
  TRY(auto secret, given_secret(invocation));
  if (!secret && (order.scheme != kStripe || !order.partner.empty() || !order.org.empty()))
    return bad_usage("the secret to sign with is needed: " + std::string(kSecretFile) + " FILE, or " +
                     kSecret + " TEXT");
  if (!secret) return usual_secret(invocation.settings);
  if (const auto checked = check_scheme_secret(order.scheme, secret->value); !checked)
    return bad_usage(secret->source + ": the secret " + checked.error().detail);
  return *std::move(secret);
}

Result<int> find_count(const Invocation& invocation) {
  const auto text = invocation.option(kCount);
  if (!text) return invocation.option(kRepeat) ? 2 : 1;
  const auto count = parse_count(*text);
  if (!count || count.value() < 1 || count.value() > kCountMax)
    return bad_option(kCount, "is no number from 1 to " + std::to_string(kCountMax));
  return count.value();
}

Result<std::vector<Change>> find_changes(const Invocation& invocation) {
  std::vector<Change> changes;
  const auto given = invocation.options.find(kSet);
  if (given == invocation.options.end()) return changes;
  for (const auto& argument : given->second) {
    auto change = parse_change(argument);
    if (!change) return bad_usage(std::string(kSet) + " " + change.error().detail);
    changes.push_back(std::move(change).value());
  }
  return changes;
}

}  // namespace

Subcommand subcommand() {
  const CommandOption what{kWhat, "",
                           "A type of --list, or a file that holds a body, which is sent byte for byte"};
  const CommandOption set{
      kSet, "POINTER=VALUE",
      "Change what a JSON pointer names, such as /data/object/amount_total=5000. A value that is "
      "no JSON is a string. May be repeated",
      false, true};
  const CommandOption scheme{kScheme, "NAME",
                             "How to sign it: " + joined(scheme_names(), ", ") + "; not given, stripe"};
  const CommandOption partner{kPartner, "NAME",
                              "Post it as this partner does, to /v1/webhooks/partners/NAME: a FILE, with "
                              "--scheme and a secret"};
  const CommandOption org{
      kOrg, "NAME",
      "Post it as the Stripe account of this org does, to /v1/orgs/NAME/integrations/stripe: "
      "with a secret of its connector"};
  const CommandOption to{
      kTo, "URL|PATH", "Where to post it, or the path alone; not given, to PENSTOCK_LISTEN of this machine"};
  const CommandOption secret{kSecret, "TEXT",
                             "The secret to sign with; others on this machine can see it meanwhile, so "
                             "better --secret-file"};
  const CommandOption secret_file{
      kSecretFile, "FILE",
      "What holds the secret to sign with; not given, and signed as Stripe does, STRIPE_WEBHOOK_SECRET, "
      "else the data folder's"};
  const CommandOption count{kCount, "N",
                            "Send N events, each with ids of its own; what a file says of customers and "
                            "connected accounts stays"};
  const CommandOption repeat{kRepeat, "", "Send the same event N times instead, twice without --count"};
  const CommandOption wait{kWait, "", "Wait for the effect and show it, by the admin API"};
  const CommandOption list{kList, "", "List the built-in types"};
  return {"send",
          "Sign an event and post it, as Stripe or a partner does",
          Program::send,
          {what, set, scheme, partner, org, to, secret, secret_file, count, repeat, wait, list}};
}

Error bad_usage(std::string why) { return {ErrorCode::invalid, std::move(why)}; }

bool asks_for_list(const Invocation& invocation) { return invocation.option(kList).has_value(); }
bool asks_to_wait(const Invocation& invocation) { return invocation.option(kWait).has_value(); }

Result<Order> read_order(const Invocation& invocation) {
  Order order;
  order.what = invocation.option(kWhat).value_or("");
  if (order.what.empty())
    return bad_usage(std::string(kWhat) +
                     ": is needed: one of the types of --list, or a file that holds a body");
  TRY(order.file, find_body(order.what));
  TRY(order.changes, find_changes(invocation));
  TRY(order.count, find_count(invocation));
  order.repeat = invocation.option(kRepeat).has_value();
  TRY(order.scheme, find_scheme(invocation));
  TRY(order.partner, find_partner(invocation));
  if (!order.partner.empty() && !order.file)
    return bad_usage(order.what + " is an event of Stripe's; what a partner sends is in a FILE");
  TRY(order.org, find_org(invocation, order.scheme));
  TRY(order.to, find_target(invocation, order));
  TRY(order.secret, find_secret(invocation, order));
  return order;
}

std::string Order::scope() const {
  if (!partner.empty()) return "partner/" + partner;
  if (const auto connected = org_of_path(to.target); !connected.empty()) return "org/" + connected;
  const bool is_stripe = std::find(kStripePaths.begin(), kStripePaths.end(), to.target) != kStripePaths.end();
  return std::string(is_stripe ? kStripe : "");
}

Result<std::string> read_secret_file(const std::string& path) {
  TRY(auto content, read_file(path));
  content.resize(std::min(content.find_first_of("\r\n"), content.size()));
  if (content.empty()) return bad_usage(path + " is empty");
  return content;
}

std::string in_data_dir(const Settings& settings, const char* name) {
  return (std::filesystem::path(settings.data_dir) / name).string();
}

}  // namespace penstock::send
