#include "common/config/settings.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>

#include "common/config/file.h"
#include "common/config/table.h"
#include "common/core/check.h"
#include "common/core/edit_distance.h"
#include "common/net/outgoing_url.h"

namespace penstock {
namespace {

struct Nearest {
  std::string_view name;
  std::size_t distance;
};

Nearest nearest(std::string_view name, std::string_view Setting::*column) {
  Nearest best{{}, std::string_view::npos};
  for (const Setting& row : setting_table()) {
    const auto distance = edit_distance(name, row.*column);
    if (distance < best.distance) best = {row.*column, distance};
  }
  return best;
}

std::string unknown(std::string_view name, std::string_view Setting::*column) {
  const auto best = nearest(name, column);
  std::string text = std::string(name) + ": unknown setting";
  if (best.distance <= name.size() / 3) text += "; did you mean " + std::string(best.name) + "?";
  return text;
}

std::string upper_case(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return upper;
}

// A slip of the keyboard away from one of our variables, upper or lower case: the variable it must be.
std::optional<std::string_view> nearly_ours(std::string_view name) {
  constexpr std::size_t kSlips = 2;
  const auto best = nearest(upper_case(name), &Setting::environment);
  return best.distance <= kSlips ? std::optional(best.name) : std::nullopt;
}

// Kubernetes puts these into every container of a namespace that has a service called "penstock…".
bool is_service_link(std::string_view name, std::string_view value) {
  const auto has = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
  return has("_SERVICE_HOST") || has("_SERVICE_PORT") || has("_TCP") || has("_UDP") ||
         (name.ends_with("_PORT") && value.find("://") != std::string_view::npos);
}

// What the test scripts tell the tests.
bool is_for_tests(std::string_view name) { return name.starts_with("PENSTOCK_TEST_"); }

const Setting* find_row(std::string_view name, std::string_view Setting::*column) {
  const auto table = setting_table();
  const auto row =
      std::find_if(table.begin(), table.end(), [&](const Setting& each) { return each.*column == name; });
  return row == table.end() ? nullptr : &*row;
}

// A row of the named table, and for which name it is meant.
struct NamedMatch {
  const NamedSetting* row;
  std::string name;
};

bool is_name(std::string_view name) {
  constexpr std::size_t kLengthMax = 32;
  return !name.empty() && name.size() <= kLengthMax && name.front() >= 'a' && name.front() <= 'z' &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

// What stands where the pattern has its placeholder; nullopt when the rest is another.
std::optional<std::string_view> match(std::string_view pattern, std::string_view text) {
  const auto head = pattern.substr(0, pattern.find('<'));
  const auto tail = pattern.substr(pattern.find('>') + 1);
  if (text.size() < head.size() + tail.size() || !text.starts_with(head) || !text.ends_with(tail))
    return std::nullopt;
  return text.substr(head.size(), text.size() - head.size() - tail.size());
}

std::optional<NamedMatch> find_named_key(std::string_view key) {
  for (const NamedSetting& row : named_setting_table())
    if (const auto name = match(row.setting.key, key); name && is_name(*name))
      return NamedMatch{&row, std::string(*name)};
  return std::nullopt;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

// Variables are written in capitals, so a small letter is a slip.
std::optional<NamedMatch> find_named_variable(std::string_view variable) {
  for (const NamedSetting& row : named_setting_table()) {
    const auto name = match(row.setting.environment, variable);
    if (!name || std::any_of(name->begin(), name->end(), [](char c) { return c >= 'a' && c <= 'z'; }))
      continue;
    if (auto lower = lower_case(*name); is_name(lower)) return NamedMatch{&row, std::move(lower)};
  }
  return std::nullopt;
}

std::string shown(const Setting& row, std::string_view text) {
  switch (row.shown) {
    case Shown::whole:
      return std::string(text);
    case Shown::without_password:
      return redact_url(text);
    case Shown::never:
      return text.empty() ? "" : "***";
  }
  CHECK(false);
}

// One load: the three layers in turn, then the checks of the whole.
class Loader {
 public:
  explicit Loader(Program program) : program_(program) {
    for (const Setting& row : setting_table()) apply_default(row);
  }

  void read_file(const std::filesystem::path& path) {
    SettingsFile file = read_settings_file(path);
    for (std::string& problem : file.problems)
      loaded_.problems.push_back(path.string() + ": " + std::move(problem));
    for (const FileValue& value : file.values) {
      const Setting* row = find_row(value.key, &Setting::key);
      const std::string where = path.string() + ":" + std::to_string(value.line) + ": ";
      const auto named = find_named_key(value.key);
      if (row == nullptr && !named)
        loaded_.problems.push_back(where + unknown(value.key, &Setting::key));
      else if (const auto text = value.text; text && named)
        apply_named(*named, *text, "file", where + value.key);
      else if (text)
        apply(*row, *text, "file", where + value.key);
      else
        loaded_.problems.push_back(where + value.key +
                                   ": is neither a string, a whole number nor a list of strings");
    }
  }

  void read_environment(const Environment& environment) {
    for (const auto& [name, value] : environment) {
      if (const Setting* row = find_row(name, &Setting::environment))
        apply(*row, value, row->environment, name);
      else if (const auto named = find_named_variable(name))
        apply_named(*named, value, name, name);
      else if (name.starts_with("PENSTOCK_"))
        judge_unknown_variable(name, value);
      else if (const auto meant = nearly_ours(name))
        problem(name + ": is not read; did you mean " + std::string(*meant) + "?");
    }
  }

  LoadedSettings finish(const Environment& environment) && {
    if (keeps_data_dir()) fill_data_dir(environment);
    if (program_ == Program::standalone) fill_standalone();
    check_required();
    check_separate_processes();
    check_files();
    check_listeners_differ();
    check_replicas();
    check_providers();
    fill_urls();
    warn();
    return std::move(loaded_);
  }

 private:
  void apply_default(const Setting& row) {
    if (!row.fallback.empty()) CHECK(row.assign(row, loaded_.settings, row.fallback).has_value());
    loaded_.sources.push_back({std::string(row.key), std::string(row.fallback), "default"});
  }

  void apply(const Setting& row, std::string_view text, std::string_view source, const std::string& where) {
    const Status assigned = row.assign(row, loaded_.settings, text);
    if (!assigned) {
      loaded_.problems.push_back(where + ": " + assigned.error().detail);
      bad_.push_back(row.key);
    }
    source_of(row.key) = {std::string(row.key), shown(row, text), std::string(source)};
  }

  void apply_named(const NamedMatch& named, std::string_view text, std::string_view source,
                   const std::string& where) {
    const Setting& row = named.row->setting;
    std::string key(row.key);
    key.replace(key.find('<'), key.find('>') + 1 - key.find('<'), named.name);
    loaded_.settings.oauth_providers[named.name];  // that there is one is known, whatever is wrong with it
    if (const Status assigned = named.row->assign(loaded_.settings, named.name, text); !assigned) {
      loaded_.problems.push_back(where + ": " + assigned.error().detail);
      bad_named_.insert(named.name);
    }
    const auto known = std::find_if(loaded_.sources.begin(), loaded_.sources.end(),
                                    [&](const auto& each) { return each.key == key; });
    SettingSource said{key, shown(row, text), std::string(source)};
    if (known == loaded_.sources.end())
      loaded_.sources.push_back(std::move(said));
    else
      *known = std::move(said);
  }

  void judge_unknown_variable(const std::string& name, std::string_view value) {
    if (!is_for_tests(name) && !is_service_link(name, value))
      loaded_.problems.push_back(unknown(name, &Setting::environment));
  }

  bool keeps_data_dir() const { return program_ == Program::standalone || program_ == Program::send; }

  void fill_data_dir(const Environment& environment) {
    if (!loaded_.settings.data_dir.empty()) return;
    if (const auto folder = default_data_dir(environment, ::geteuid() == 0))
      fill("data_dir", loaded_.settings.data_dir, *folder);
    else
      problem("PENSTOCK_DATA_DIR: is not set, and neither XDG_DATA_HOME nor HOME says where it could be");
  }

  void fill_standalone() {
    Settings& settings = loaded_.settings;
    if (settings.data_dir.empty()) return;
    const std::filesystem::path folder = settings.data_dir;
    if (is_unset(settings.log)) fill("log", settings.log, LogUrl{SqliteUrl{(folder / "log.db").string()}});
    if (is_unset(settings.store))
      fill("store", settings.store, StoreUrl{SqliteUrl{(folder / "state.db").string()}});
  }

  template <class Url>
  static bool is_unset(const Url& url) {
    return std::holds_alternative<std::monostate>(url);
  }

  // Sets what was not set; a text that was refused stays so, and is not hidden behind a default.
  template <class Value>
  void fill(std::string_view key, Value& member, Value value) {
    member = std::move(value);
    if constexpr (std::is_same_v<Value, std::string>)
      source_of(key).shown = member;
    else
      source_of(key).shown = "sqlite:" + std::get<SqliteUrl>(member).path;
  }

  void check_required() {
    for (const Setting& row : setting_table()) {
      if (!row.required_by.has(program_) || is_bad(row.key) || !source_of(row.key).shown.empty()) continue;
      problem(std::string(row.environment) + ": " + std::string(to_string(program_)) + " needs it (" +
              std::string(row.key) + " in the file, " + std::string(row.kind) + ")");
    }
  }

  void check_separate_processes() {
    if (keeps_data_dir()) return;
    const std::string separate = ": an SQLite file serves one process only, and " +
                                 std::string(to_string(program_)) + " is one of several; use ";
    if (std::holds_alternative<SqliteUrl>(loaded_.settings.log))
      problem("PENSTOCK_LOG" + separate + "kafka://…");
    if (std::holds_alternative<SqliteUrl>(loaded_.settings.store))
      problem("PENSTOCK_STORE" + separate + "postgresql://…");
  }

  // A folder that does not exist yet is made at start; one that this user may not look into ends the checks
  // of the files in it, which would say so less clearly.
  void check_files() {
    if (program_ != Program::standalone || loaded_.settings.data_dir.empty()) return;
    const std::string& folder = loaded_.settings.data_dir;
    struct stat inside {};
    if (::stat((folder + "/.").c_str(), &inside) != 0 && errno != ENOENT)
      problem("PENSTOCK_DATA_DIR: " + folder + " cannot be entered: " + std::strerror(errno) +
              "; run as the user it belongs to, or set another folder");
    else
      check_files_differ();
  }

  void check_files_differ() {
    const auto* log = std::get_if<SqliteUrl>(&loaded_.settings.log);
    const auto* store = std::get_if<SqliteUrl>(&loaded_.settings.store);
    if (log == nullptr || store == nullptr) return;
    const auto log_file = resolve("PENSTOCK_LOG", log->path);
    const auto store_file = resolve("PENSTOCK_STORE", store->path);
    if (log_file && store_file && *log_file == *store_file)
      problem("PENSTOCK_LOG, PENSTOCK_STORE: are one file; each needs its own");
  }

  // Which file that is, whatever links lead to it; nullopt, and a problem, when that cannot be found out.
  std::optional<std::filesystem::path> resolve(const std::string& variable, const std::string& path) {
    std::error_code ec;
    auto file = std::filesystem::weakly_canonical(std::filesystem::absolute(path, ec), ec);
    if (!ec) return file;
    problem(variable + ": " + path + " cannot be reached: " + ec.message());
    return std::nullopt;
  }

  void check_listeners_differ() {
    const Settings& settings = loaded_.settings;
    if (program_ == Program::standalone && settings.listen.port != 0 &&
        settings.listen == settings.admin_listen)
      problem(
          "PENSTOCK_LISTEN, PENSTOCK_ADMIN_LISTEN: are one address; the admin listener is private and needs "
          "its own");
  }

  void check_providers() {
    if (!is_used("ingress.public_url")) return;
    if (!loaded_.settings.oauth_providers.empty()) check_way_back();
    for (const auto& [name, provider] : loaded_.settings.oauth_providers)
      if (!bad_named_.contains(name)) check_provider(name, provider);
  }

  // A provider sends people back to where it was told to, so that must be known before there is a listener.
  void check_way_back() {
    const Settings& settings = loaded_.settings;
    if (is_bad("ingress.public_url") || is_bad("ingress.listen")) return;
    if (settings.public_url.empty() && settings.listen.port == 0)
      problem(
          "PENSTOCK_PUBLIC_URL: is not set, and PENSTOCK_LISTEN leaves the port to the system, so no "
          "provider "
          "can know where to send people back to; set one of the two");
  }

  void check_provider(const std::string& name, const OauthProvider& provider) {
    const auto complain = [&](std::string_view which, std::string_view why) {
      problem("PENSTOCK_OAUTH_" + upper_case(name) + std::string(which) + ": " + std::string(why));
    };
    const std::array<std::pair<std::string_view, const std::string*>, 3> urls{
        {{"_AUTHORIZE_URL", &provider.authorize_url},
         {"_TOKEN_URL", &provider.token_url},
         {"_USERINFO_URL", &provider.userinfo_url}}};
    if (provider.client_id.empty()) complain("_CLIENT_ID", "is not set, so the provider does not know us");
    if (provider.client_secret.empty())
      complain("_CLIENT_SECRET", "is not set, so the provider does not know us");
    for (const auto& [which, url] : urls) {
      if (url->empty() && provider.issuer.empty())
        complain(which, "is not set, and no issuer says where that is");
      if (!url->empty() && !provider.issuer.empty())
        complain(which, "is set beside an issuer, which says where that is");
      if (!url->empty() && !may_be_asked(*url)) complain(which, kCleartext);
    }
    if (!provider.issuer.empty() && !may_be_asked(provider.issuer)) complain("_ISSUER", kCleartext);
  }

  // What a name leads to is judged when it is connected to.
  bool may_be_asked(const std::string& text) const {
    const auto url = parse_outgoing_url(text, true);
    CHECK(url.has_value());
    if (url.value().encrypted || is_loopback(url.value())) return true;
    const auto& allowed = loaded_.settings.allow_hosts;
    return !url.value().literal ? !allowed.empty()
                                : std::any_of(allowed.begin(), allowed.end(), [&](const IpRange& range) {
                                    return range.contains(*url.value().literal);
                                  });
  }

  void fill_urls() {
    Settings& settings = loaded_.settings;
    if (settings.public_url.empty())
      fill("ingress.public_url", settings.public_url,
           "http://" + to_string(Address{"127.0.0.1", settings.listen.port}));
    if (settings.app_url.empty()) fill("sessions.app_url", settings.app_url, settings.public_url);
  }

  void warn_of_cleartext() {
    const Settings& settings = loaded_.settings;
    if (settings.oauth_providers.empty() || !is_used("ingress.public_url")) return;
    const auto url = parse_outgoing_url(settings.public_url, true);
    if (url && !url.value().encrypted && !is_loopback(url.value()))
      loaded_.warnings.emplace_back(
          "PENSTOCK_PUBLIC_URL: is http://, where no browser keeps a session: its cookie is for https:// "
          "alone");
  }

  void warn() {
    warn_of_cleartext();
    const Settings& settings = loaded_.settings;
    const auto& secrets = settings.stripe_webhook_secrets;
    const auto foreign = [](const std::string& secret) { return !secret.starts_with("whsec_"); };
    if (is_used("stripe.webhook_secret") && std::any_of(secrets.begin(), secrets.end(), foreign))
      loaded_.warnings.emplace_back(
          "STRIPE_WEBHOOK_SECRET: has a secret that does not begin with whsec_ as Stripe's do; if it is "
          "another "
          "key, no signature will match");
    if (is_used("stripe.mode") && settings.stripe_mode == StripeMode::both)
      loaded_.warnings.emplace_back(
          "PENSTOCK_STRIPE_MODE: is both, so test events have effects beside live ones; set it to live or "
          "test");
  }

  bool is_used(std::string_view key) const { return find_row(key, &Setting::key)->used_by.has(program_); }

  void check_replicas() {
    const Settings& settings = loaded_.settings;
    if (settings.kafka_replication > 0 && settings.kafka_min_insync > settings.kafka_replication)
      problem(
          "PENSTOCK_KAFKA_MIN_INSYNC: is more than PENSTOCK_KAFKA_REPLICATION, so nothing could be appended");
  }

  void problem(std::string text) { loaded_.problems.push_back(std::move(text)); }
  bool is_bad(std::string_view key) const { return std::find(bad_.begin(), bad_.end(), key) != bad_.end(); }
  SettingSource& source_of(std::string_view key) {
    return *std::find_if(loaded_.sources.begin(), loaded_.sources.end(),
                         [&](const auto& each) { return each.key == key; });
  }

  Program program_;
  LoadedSettings loaded_;
  static constexpr std::string_view kCleartext =
      "is http://, which is for a loopback address and for those of PENSTOCK_ALLOW_HOSTS; use https://";

  std::vector<std::string_view> bad_;  // keys with a refused text
  std::set<std::string> bad_named_;    // names likewise
};

}  // namespace

std::string_view to_string(Program program) noexcept {
  switch (program) {
    case Program::ingress:
      return "penstock-ingress";
    case Program::worker:
      return "penstock-worker";
    case Program::admin:
      return "penstock-admin";
    case Program::migrate:
      return "penstock-admin migrate";
    case Program::standalone:
      return "penstock";
    case Program::send:
      return "penstock send";
  }
  return "";
}

LoadedSettings Settings::load(Program program, const std::optional<std::filesystem::path>& file,
                              const Environment& environment) {
  Loader loader(program);
  if (file) loader.read_file(*file);
  loader.read_environment(environment);
  return std::move(loader).finish(environment);
}

Environment current_environment() {
  Environment variables;
  for (char** each = ::environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view text = *each;
    if (const auto equals = text.find('='); equals != std::string_view::npos)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

std::optional<std::string> default_data_dir(const Environment& environment, bool superuser) {
  if (superuser) return "/var/lib/penstock";
  const auto value = [&](std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string{} : found->second;
  };
  if (const auto data = value("XDG_DATA_HOME"); !data.empty()) return data + "/penstock";
  if (const auto home = value("HOME"); !home.empty()) return home + "/.local/share/penstock";
  return std::nullopt;
}

}  // namespace penstock
