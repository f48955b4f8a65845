#include "deploy/standalone/send/effect.h"

#include <chrono>
#include <cstdio>
#include <set>
#include <thread>

#include "common/crypto/crypto.h"
#include "deploy/standalone/send/http_client.h"
#include "deploy/standalone/shell.h"

namespace penstock::send {
namespace {

constexpr Milliseconds kAnswerDeadline{10'000};
constexpr Milliseconds kEffectDeadline{30'000};
constexpr Milliseconds kEffectPause{50};

void say(const std::string& text) { std::printf("%s\n", text.c_str()); }

struct Resource {
  std::string_view object;
  std::string_view path;
};
constexpr Resource kResources[] = {
    {"checkout.session", "/v1/payments/"},  {"payment_intent", "/v1/payments/"}, {"charge", "/v1/payments/"},
    {"dispute", "/v1/payments/"},           {"account", "/v1/accounts/"},        {"payout", "/v1/payouts/"},
    {"subscription", "/v1/subscriptions/"},
};

// RFC 3986 §3.3: what may stand in a segment of a path.
std::string segment(std::string_view text) {
  constexpr std::string_view kPlain = "-._~:@!$()*+,;=";
  std::string out;
  for (const char c : text) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alphanumeric || kPlain.find(c) != std::string_view::npos)
      out += c;
    else
      out.append("%").append(crypto::to_hex({&c, 1}));
  }
  return out;
}

std::string event_path(const Named& sent) { return "/v1/events/stripe:" + segment(sent.event); }

std::vector<std::string> paths_of(const Named& sent) {
  std::vector<std::string> paths;
  for (const auto& resource : kResources)
    if (resource.object == sent.object && !sent.object_id.empty())
      paths.push_back(std::string(resource.path) + segment(sent.object_id));
  paths.push_back(sent.event.empty() ? "/v1/parked" : event_path(sent));
  return paths;
}

Error unreachable(const Error& error) {
  return {error.code, error.retry,
          "the event was sent, but the admin API shows no effect: " + error.detail +
              "; PENSTOCK_ADMIN_LISTEN says where it is"};
}

}  // namespace

Admin::Admin(const Settings& settings, std::string token)
    : address_(reachable(settings.admin_listen)), token_(std::move(token)) {}

Result<Admin> Admin::open(const Settings& settings) {
  if (settings.admin_listen.port == 0)
    return bad_usage("PENSTOCK_ADMIN_LISTEN has port 0, so --wait does not know where the admin API is");
  if (!settings.admin_token.empty()) return Admin(settings, settings.admin_token);
  auto token = read_secret_file(in_data_dir(settings, "admin_token"));
  if (!token)
    return bad_usage("--wait reads the admin API: " + token.error().detail + "; set PENSTOCK_ADMIN_TOKEN");
  return Admin(settings, std::move(token).value());
}

Result<HttpAnswer> Admin::get(const std::string& path) const {
  return fetch({"GET", {address_, path}, {{"Authorization", "Bearer " + token_}}}, kAnswerDeadline);
}

Result<json::Document> Admin::wait_for_outcome(const Named& sent) const {
  const auto until = std::chrono::steady_clock::now() + kEffectDeadline;
  for (;;) {
    const auto answered = get(event_path(sent));
    if (!answered) return unreachable(answered.error());
    const HttpAnswer& answer = answered.value();
    if (answer.status == 200) return json::Document::parse(answer.body);
    if (answer.status == 401)
      return bad_usage(
          "the admin API does not take this token; PENSTOCK_ADMIN_TOKEN, or admin_token of the data folder, "
          "is "
          "another program's");
    if (std::chrono::steady_clock::now() > until)
      return bad_usage("no outcome of " + sent.event + " within " +
                       std::to_string(kEffectDeadline.count() / 1000) +
                       " s: GET /v1/pools says whether its pool is running");
    std::this_thread::sleep_for(kEffectPause);
  }
}

// Two ids may lead to one row, which is shown once. What has no page of its own is left out.
void Admin::show_rows(json::Value touched) const {
  std::set<std::string> shown;
  for (json::Value v = touched.first(); !v.absent(); v = touched.next(v)) {
    const std::string path = "/v1/" + std::string(v["resource"].string().value_or("")) + "/" +
                             segment(v["id"].string().value_or(""));
    const auto row = get(path);
    if (row && row.value().status == 200 && shown.insert(row.value().body).second)
      say("  " + path + "\n    " + row.value().body);
  }
}

Status Admin::show_effect(const Named& sent) const {
  if (sent.event.empty()) return say("a body without an event's id is parked: GET /v1/parked lists it"), ok();
  TRY(const auto event, wait_for_outcome(sent));
  const json::Value root = event.root();
  std::string line = sent.event + "  " + std::string(root["outcome"].string().value_or("?"));
  if (const auto reason = root["reason"].string()) line += ": " + std::string(*reason);
  say(line);
  show_rows(root["touched"]);
  return ok();
}

std::vector<std::string> reading_commands(const Settings& settings, const Named& sent) {
  const std::string file =
      settings.admin_token.empty() ? in_data_dir(settings, "admin_token") : std::string();
  std::vector<std::string> commands;
  for (const auto& path : paths_of(sent))
    commands.push_back(admin_curl(to_string(reachable(settings.admin_listen)),
                                  shell_value(file, "PENSTOCK_ADMIN_TOKEN"), path));
  return commands;
}

}  // namespace penstock::send
