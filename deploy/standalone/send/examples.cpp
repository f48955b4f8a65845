#include "deploy/standalone/send/examples.h"

#include <array>
#include <charconv>
#include <utility>

#include "common/core/check.h"
#include "common/json/writer.h"
#include "deploy/standalone/send/edit.h"

namespace penstock {
namespace schemas {

extern const std::string_view kExampleAccount;
extern const std::string_view kExampleCharge;
extern const std::string_view kExampleCheckoutSession;
extern const std::string_view kExampleDispute;
extern const std::string_view kExampleInvoice;
extern const std::string_view kExamplePaymentIntent;
extern const std::string_view kExamplePayout;
extern const std::string_view kExampleSubscription;

}  // namespace schemas

namespace send {
namespace {

// By reference: they are set while the program starts.
constexpr std::array<const std::string_view*, 8> kFiles{
    &schemas::kExampleCheckoutSession, &schemas::kExamplePaymentIntent, &schemas::kExampleCharge,
    &schemas::kExampleDispute,         &schemas::kExampleSubscription,  &schemas::kExampleInvoice,
    &schemas::kExampleAccount,         &schemas::kExamplePayout};

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";
constexpr std::string_view kNow = "now";

// The files are part of the program, so a mistake in one is a bug.
json::Document must_parse(std::string_view text) {
  auto parsed = json::Document::parse(text);
  CHECK(parsed);
  return std::move(parsed).value();
}

std::int64_t seconds_from(std::int64_t now, std::string_view offset) {
  if (offset.starts_with('+')) offset.remove_prefix(1);
  std::int64_t seconds = 0;
  std::from_chars(offset.data(), offset.data() + offset.size(), seconds);
  return now + seconds;
}

// The text with its marks filled in; a time replaces the quotation marks around it too.
std::string fill(std::string_view text, std::string_view id, std::int64_t now) {
  std::string out;
  for (auto open = text.find(kOpen); open != std::string_view::npos; open = text.find(kOpen)) {
    const auto close = text.find(kClose, open);
    CHECK(close != std::string_view::npos);
    const auto mark = text.substr(open + kOpen.size(), close - open - kOpen.size());
    const bool is_time = mark.starts_with(kNow);
    out.append(text.substr(0, is_time ? open - 1 : open));
    out.append(is_time ? std::to_string(seconds_from(now, mark.substr(kNow.size()))) : std::string(id));
    text.remove_prefix(close + kClose.size() + (is_time ? 1 : 0));
  }
  return out.append(text);
}

json::Document object_of(json::Value file, json::Value event) {
  json::Document object = must_parse(json::indented(file["object"]));
  const json::Value changes = event["set"];
  for (json::Value v = changes.first(); !v.absent(); v = changes.next(v)) {
    auto changed = apply(object, {std::string(v.key()), json::indented(v)});
    CHECK(changed);
    object = std::move(changed).value();
  }
  return object;
}

// The envelope, its members in Stripe's order.
json::Document event_of(json::Value file, std::string_view type, std::string_view id, std::int64_t now) {
  const json::Value event = file["events"][type];
  json::Writer out;
  out.begin_object().key("id").string("evt_" + std::string(id)).key("object").string("event");
  if (const auto account = file["account"].string()) out.key("account").string(*account);
  out.key("api_version").string("2025-05-28.basil").key("created").integer(now);
  out.key("data").begin_object().key("object").raw(json::indented(object_of(file, event).root()));
  if (const json::Value previous = event["previous_attributes"]; !previous.absent())
    out.key("previous_attributes").raw(json::indented(previous));
  out.end_object().key("livemode").boolean(false).key("pending_webhooks").integer(1);
  out.key("request").begin_object().key("id").null().key("idempotency_key").null().end_object();
  out.key("type").string(type).end_object();
  return must_parse(out.text());
}

}  // namespace

std::vector<std::string> example_types() {
  std::vector<std::string> types;
  for (const auto* text : kFiles) {
    const json::Document file = must_parse(*text);
    const json::Value events = file.root()["events"];
    for (json::Value v = events.first(); !v.absent(); v = events.next(v)) types.emplace_back(v.key());
  }
  return types;
}

Result<json::Document> make_example(std::string_view type, std::string_view id, std::int64_t now) {
  for (const auto* text : kFiles) {
    const json::Document file = must_parse(fill(*text, id, now));
    if (!file.root()["events"][type].absent()) return event_of(file.root(), type, id, now);
  }
  return Error{ErrorCode::not_found, std::string(type)};
}

}  // namespace send
}  // namespace penstock
