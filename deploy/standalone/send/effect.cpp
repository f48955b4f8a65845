#include "deploy/standalone/send/effect.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <set>
#include <thread>

#include "deploy/standalone/send/http_client.h"
#include "deploy/standalone/shell.h"

namespace penstock::send {
namespace {

constexpr Milliseconds kAnswerDeadline{10'000};
constexpr Milliseconds kEffectDeadline{30'000};
constexpr Milliseconds kEffectPause{50};

void say(const std::string& text) { std::printf("%s\n", text.c_str()); }

struct Shown {
  std::string_view object;
  std::string_view resource;
};
constexpr Shown kShown[] = {
    {"checkout.session", "payments"},  {"payment_intent", "payments"}, {"charge", "payments"},
    {"dispute", "payments"},           {"account", "accounts"},        {"payout", "payouts"},
    {"subscription", "subscriptions"},
};

// Where one id may stand for several rows, and what tells them apart.
struct Scoped {
  std::string_view resource;
  bool by_account;  // by mode all of them
};
constexpr Scoped kScoped[] = {{"payments", true},  {"subscriptions", true}, {"payouts", true},
                              {"accounts", false}, {"profiles", false},     {"session-payments", false}};

constexpr std::string_view kOfOrg = "org/";

// Leads to the row of the scope that the event has.
std::string row_path(std::string_view resource, std::string_view id, const Named& sent) {
  if (resource == "runs")
    return "/v1/orgs/" + path_segment(sent.scope.substr(kOfOrg.size())) + "/runs/" + path_segment(id);
  std::string path = "/v1/" + std::string(resource) + "/" + path_segment(id);
  const auto* scoped = std::find_if(std::begin(kScoped), std::end(kScoped),
                                    [&](const Scoped& each) { return each.resource == resource; });
  if (scoped == std::end(kScoped)) return path;
  if (sent.livemode) path += *sent.livemode ? "?livemode=true" : "?livemode=false";
  if (scoped->by_account && !sent.account.empty())
    path += (sent.livemode ? "&account=" : "?account=") + path_segment(sent.account);
  return path;
}

// Without its scope an event is found by its id alone, where only one has that.
std::string event_path(const Named& sent) {
  const std::string scope = sent.scope.empty() ? "" : path_segment(sent.scope) + ":";
  return "/v1/events/" + scope + path_segment(sent.event);
}

std::vector<std::string> paths_of(const Named& sent) {
  std::vector<std::string> paths;
  const bool is_platforms = !sent.scope.starts_with(kOfOrg);
  for (const auto& shown : kShown)
    if (is_platforms && shown.object == sent.object && !sent.object_id.empty())
      paths.push_back(row_path(shown.resource, sent.object_id, sent));
  paths.push_back(sent.event.empty() ? "/v1/parked" : event_path(sent));
  return paths;
}

Error unreachable(const Error& error) {
  return {error.code, "the event was sent, but the admin API shows no effect: " + error.detail +
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
void Admin::show_rows(json::Value touched, const Named& sent) const {
  std::set<std::string> shown;
  for (json::Value v = touched.first(); !v.absent(); v = touched.next(v)) {
    const std::string path =
        row_path(v["resource"].string().value_or(""), v["id"].string().value_or(""), sent);
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
  show_rows(root["touched"], sent);
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
