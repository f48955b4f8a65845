#include "common/core/org.h"
#include "common/crypto/crypto.h"
#include "common/observe/log.h"
#include "ingress/admin/api/event_patterns.h"
#include "ingress/admin/api/receiver_url.h"
#include "ingress/admin/api/setting_collection.h"
#include "workers/deliveries/endpoints.h"
#include "workers/deliveries/queue_again.h"

namespace penstock::admin {
namespace {

using registry::Values;
using registry::WebhookConfig;
using registry::WebhookConfigs;

constexpr std::string_view kWhat = "webhook config";
constexpr std::size_t kConfigsMax = 100;
// Of all texts of an org's configs, which are one record of the settings topic: far below what a record may be.
constexpr std::size_t kConfigsBytesMax = 384 * 1024;
constexpr std::size_t kDescriptionBytesMax = 1'024;
constexpr std::int64_t kConcurrencyMax = 64;
constexpr std::int64_t kRateMax = 10'000;

void encode_terms(json::Writer& out, const WebhookConfig& config) {
  out.key("id").string(config.id).key("url").string(config.url).key("enabled").boolean(config.enabled);
  json::encode(out.key("event_types"), config.event_types);
  json::encode(out.key("description"), config.description);
  out.key("concurrency").integer(config.concurrency);
  json::encode(out.key("rate"), config.rate);
}

void encode_members(json::Writer& out, const WebhookConfig& config) {
  encode_terms(out, config);
  encode_stamp(out, {config.created_at, config.updated_at, config.updated_by});
}

void encode_config(json::Writer& out, const WebhookConfig& config) {
  out.begin_object();
  encode_members(out, config);
  out.end_object();
}

// As Standard Webhooks spells one.
std::string make_secret() { return "whsec_" + crypto::to_base64(crypto::random_bytes(32)); }

std::optional<std::int64_t> read_bounded(BodyReader& in, std::string_view name, std::int64_t max) {
  const auto given = in.optional_integer(name);
  if (given && (*given < 1 || *given > max))
    in.refuse(name, "must be a whole number from 1 to " + std::to_string(max));
  return given;
}

// Without a secret: the one that the config has is to stay, or one is made.
WebhookConfig read_config(BodyReader& in, const AddressPolicy& policy) {
  WebhookConfig config;
  config.id = in.optional_id("id").value_or(std::string());
  if (!config.id.empty() && !is_org_name(config.id)) in.refuse("id", kOrgNameRule);
  config.enabled = in.optional_boolean("enabled").value_or(true);
  config.url = read_receiver_url(in, "url", policy);
  config.event_types = read_patterns(in);
  config.description = in.optional_text("description", kDescriptionBytesMax);
  config.concurrency = read_bounded(in, "concurrency", kConcurrencyMax).value_or(config.concurrency);
  config.rate = read_bounded(in, "rate", kRateMax);
  if (auto secret = in.optional_text("secret", kSecretBytesMax)) {
    judge_secret(in, "secret", *secret);
    config.secrets = {{*std::move(secret), std::nullopt}};
  }
  return config;
}

// Of what is given and what is known: a new secret has the one before beside it for a while.
std::vector<registry::WebhookSecret> secrets_of(const WebhookConfig& given, const WebhookConfig* known,
                                                const std::string& made, Timestamp overlap_until) {
  if (given.secrets.empty())
    return known != nullptr ? known->secrets : std::vector{registry::WebhookSecret{made, {}}};
  if (known == nullptr) return given.secrets;
  if (known->secrets.front().secret == given.secrets.front().secret) return known->secrets;
  return {given.secrets.front(), {known->secrets.front().secret, overlap_until}};
}

std::size_t bytes_of(const WebhookConfig& config) {
  std::size_t bytes = config.url.size() + config.description.value_or(std::string()).size();
  for (const auto& type : config.event_types) bytes += type.size();
  for (const auto& each : config.secrets) bytes += each.secret.size();
  return bytes;
}

// Why an org may not have them all; empty: it may.
std::string excess_of(const WebhookConfigs& configs) {
  if (configs.all.size() > kConfigsMax)
    return "an org has no more than " + std::to_string(kConfigsMax) + "; delete one first";
  std::size_t bytes = 0;
  for (const auto& each : configs.all) bytes += bytes_of(each);
  if (bytes <= kConfigsBytesMax) return {};
  return "the texts of an org's configs are no more than " + std::to_string(kConfigsBytesMax / 1024) +
         " KiB together; shorten or delete some first";
}

void add_config(WebhookConfigs& configs, const WebhookConfig& given, const std::string& made,
                Timestamp overlap_until) {
  WebhookConfig config = given;
  config.secrets = secrets_of(given, find_item(configs.all, given.id), made, overlap_until);
  put_item(configs.all, std::move(config));
}

// For the audit.
std::string terms_text(const WebhookConfig& config) {
  json::Writer out;
  out.begin_object();
  encode_terms(out, config);
  out.end_object();
  return std::move(out).text();
}

// As it is stored; with the secret that was made, if it has that one.
Result<http::Response> answer_with_config(const Context& context, const std::string& org, std::string_view id,
                                          const std::string& made) {
  TRY(auto configs, read_collection<WebhookConfigs>(context, org));
  const WebhookConfig* stored = find_item(configs.all, id);
  if (stored == nullptr) return not_found(kWhat);
  json::Writer out;
  out.begin_object();
  encode_members(out, *stored);
  if (stored->secrets.front().secret == made) out.key("secret").string(made);
  out.end_object();
  return json_response(std::move(out));
}

}  // namespace

Result<http::Response> list_webhook_configs(const Context& context, const Request& request) {
  ListQuery query;
  QueryReader in(request);
  in.page("webhook_configs", query);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  TRY(auto configs, read_collection<WebhookConfigs>(context, request.org));
  return page_response(page_of(std::move(configs.all), query, "webhook_configs"), encode_config);
}

Result<http::Response> get_webhook_config(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  TRY(auto configs, read_collection<WebhookConfigs>(context, request.org));
  const WebhookConfig* config = find_item(configs.all, request.parameter("id"));
  if (config == nullptr) return not_found(kWhat);
  json::Writer out;
  encode_config(out, *config);
  return json_response(std::move(out));
}

Result<http::Response> put_webhook_config(const Context& context, const Request& request) {
  QueryReader query(request);
  if (auto refusal = query.refusal()) return *std::move(refusal);
  BodyReader in(request);
  WebhookConfig given = read_config(in, context.outgoing.policy);
  if (auto refusal = in.refusal()) return *std::move(refusal);
  const Timestamp now = context.clock.now();
  if (given.id.empty()) given.id = crypto::uuid_v7(now);
  given.created_at = given.updated_at = now;
  given.updated_by = request.principal.name;

  const std::string secret = make_secret();
  std::string excess;
  auto changed = change_setting(
      context, change_of<WebhookConfigs>(request, request.org, "put", terms_text(given)),
      [&](const std::optional<Values>& stored) -> Result<std::optional<Values>> {
        WebhookConfigs next = stored ? std::get<WebhookConfigs>(*stored) : WebhookConfigs{request.org, {}};
        add_config(next, given, secret, now + context.outgoing.secret_overlap);
        excess = excess_of(next);
        if (!excess.empty()) return Error{ErrorCode::invalid, {}};
        return std::optional<Values>(std::move(next));
      });
  if (!excess.empty()) return refusal_of("/id", excess);
  if (!changed) return changed.error();
  if (changed.value()) return *std::move(changed).value();
  // Only sooner: what waits is looked at again in any case.
  const auto woken = wake_endpoint(context.store, context.clock, config_endpoint(request.org, given.id));
  if (!woken) log::warn("deliveries are not woken", {{"config", given.id}, {"detail", woken.error().detail}});
  return answer_with_config(context, request.org, given.id, secret);
}

Result<http::Response> delete_webhook_config(const Context& context, const Request& request) {
  return delete_item<WebhookConfigs>(context, request, kWhat);
}

}  // namespace penstock::admin
