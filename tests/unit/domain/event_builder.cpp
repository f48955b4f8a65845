#include "tests/unit/domain/event_builder.h"

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>

#include "common/core/check.h"
#include "common/json/writer.h"

namespace penstock::testing {
namespace {

std::string id_of(const EventSpec& spec) {
  if (!spec.id.empty()) return spec.id;
  const std::string says = spec.type + spec.object + std::to_string(spec.created) + spec.previous_attributes +
                           (spec.livemode ? "" : "test") + spec.account.value_or("");
  return "evt_" + std::to_string(std::hash<std::string>{}(says));
}

}  // namespace

std::string event_body(const EventSpec& spec) {
  json::Writer out;
  out.begin_object().key("id").string(id_of(spec)).key("object").string("event");
  if (spec.account) out.key("account").string(*spec.account);
  out.key("created")
      .integer(spec.created)
      .key("livemode")
      .boolean(spec.livemode)
      .key("type")
      .string(spec.type);
  out.key("data").begin_object().key("object").raw(spec.object);
  if (!spec.previous_attributes.empty()) out.key("previous_attributes").raw(spec.previous_attributes);
  out.end_object().end_object();
  return std::move(out).text();
}

Event build_event(const EventSpec& spec) {
  auto body = json::Document::parse(event_body(spec));
  CHECK(body.has_value());
  auto event = stripe::read_event(make_event_key("stripe", id_of(spec)), std::move(body).value());
  CHECK(event.has_value());
  return std::move(event).value();
}

std::optional<std::string> corpus_body(std::string_view file) {
  const char* folder = std::getenv("PENSTOCK_STRIPE_EVENTS");
  std::ifstream in(std::string(folder != nullptr ? folder : PENSTOCK_SOURCE_DIR "/../shared/stripe_events") +
                       "/" + std::string(file),
                   std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace penstock::testing
