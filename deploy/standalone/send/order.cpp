#include "deploy/standalone/send/order.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "common/core/edit_distance.h"
#include "deploy/standalone/send/examples.h"
#include "deploy/standalone/shell.h"

namespace penstock::send {
namespace {

constexpr const char* kWhat = "TYPE|FILE";
constexpr const char* kSet = "--set";
constexpr const char* kTo = "--to";
constexpr const char* kSecretFile = "--secret-file";
constexpr const char* kCount = "--count";
constexpr const char* kRepeat = "--repeat";
constexpr const char* kWait = "--wait";
constexpr const char* kList = "--list";

constexpr int kCountMax = 100'000;

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

std::string joined(const std::vector<std::string>& texts, std::string_view separator) {
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

Result<HttpUrl> find_target(const Invocation& invocation) {
  const Address listener = reachable(invocation.settings.listen);
  const auto to = invocation.option(kTo);
  if (!to && listener.port == 0)
    return bad_usage(
        "PENSTOCK_LISTEN has port 0, so its real address is not known here; say it with --to URL");
  auto url = parse_http_url(to.value_or("http://" + to_string(listener)));
  if (!url) return bad_usage(std::string(kTo) + ": " + url.error().detail);
  if (url.value().target == "/") url.value().target = "/v1/webhook/stripe";
  return url;
}

// The first secret that the program it is sent to verifies with.
Result<Secret> find_secret(const Invocation& invocation) {
  const Settings& settings = invocation.settings;
  if (const auto file = invocation.option(kSecretFile)) {
    TRY(auto value, read_secret_file(*file));
    return Secret{std::move(value), *file};
  }
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

Result<int> find_count(const Invocation& invocation) {
  const auto text = invocation.option(kCount);
  if (!text) return invocation.option(kRepeat) ? 2 : 1;
  const auto count = parse_count(*text);
  if (!count || count.value() < 1 || count.value() > kCountMax)
    return bad_usage(std::string(kCount) + ": is no number from 1 to " + std::to_string(kCountMax));
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
  const CommandOption to{kTo, "URL", "Where to post it; not given, to PENSTOCK_LISTEN of this machine"};
  const CommandOption secret{
      kSecretFile, "FILE",
      "What holds the secret to sign with; not given, STRIPE_WEBHOOK_SECRET, else the data "
      "folder's"};
  const CommandOption count{kCount, "N",
                            "Send N events, each with ids of its own; what a file says of customers and "
                            "connected accounts stays"};
  const CommandOption repeat{kRepeat, "", "Send the same event N times instead, twice without --count"};
  const CommandOption wait{kWait, "", "Wait for the effect and show it, by the admin API"};
  const CommandOption list{kList, "", "List the built-in types"};
  return {"send",
          "Sign an event and post it, as Stripe does",
          Program::send,
          {what, set, to, secret, count, repeat, wait, list}};
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
  TRY(order.to, find_target(invocation));
  TRY(order.secret, find_secret(invocation));
  return order;
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
