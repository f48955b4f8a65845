#include "ingress/doors/events/published_record.h"

#include <algorithm>

#include "common/core/uuid.h"
#include "common/json/cursor.h"
#include "ingress/fields/body_reader.h"

namespace penstock {
namespace {

constexpr std::string_view kSource = "events";

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_id(std::string_view text) {
  const auto is_allowed = [](char c) {
    return is_letter_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == ':' || c == '-';
  };
  return !text.empty() && text.size() <= kPublishedIdBytesMax &&
         std::all_of(text.begin(), text.end(), is_allowed);
}

// Of the categories, the catalogue alone has the list.
bool is_type(std::string_view text, const Catalogue& catalogue) {
  const auto is_allowed = [](char c) { return is_letter_or_digit(c) || c == '_' || c == '.'; };
  return text.size() <= kPublishedTypeBytesMax && std::all_of(text.begin(), text.end(), is_allowed) &&
         !text.ends_with('.') && text.find("..") == std::string_view::npos &&
         catalogue.route(kSource, text).topic != kUnroutedTopic;
}

std::string read_type(BodyReader& in, const Catalogue& catalogue) {
  std::string type = in.id("type");
  if (!is_type(type, catalogue))
    in.refuse(
        "type",
        "must be category.name of up to 128 of a-z 0-9 _ and dots, in one of the categories user action "
        "challenge reward achievement referral");
  return type;
}

// A UUID of version 5: what Penstock's own events are told under. They follow from their cause, so whoever knows it could
// have receivers take the real event for a repetition.
bool is_own_id(std::string_view text) {
  constexpr std::size_t kVersionAt = 14;
  return is_uuid(text) && text[kVersionAt] == '5';
}

std::optional<std::string> read_id(BodyReader& in) {
  auto id = in.optional_id("id");
  if (id && !is_id(*id)) in.refuse("id", "must be 1 to 128 of A-Z a-z 0-9 _ . : -");
  if (id && is_own_id(*id)) in.refuse("id", "is a UUID of version 5, which Penstock's own events have");
  return id;
}

std::optional<Timestamp> read_timestamp(BodyReader& in) {
  const auto text = in.optional_id("timestamp");
  const auto at = text ? parse_rfc3339(*text) : std::nullopt;
  if (text && !at) in.refuse("timestamp", "must be an RFC 3339 time");
  return at;
}

}  // namespace

std::variant<PublishedEvent, http::Response> read_published(const http::Request& request,
                                                            const Catalogue& catalogue) {
  BodyReader in(request);
  PublishedEvent event;
  event.type = read_type(in, catalogue);
  event.id = read_id(in);
  event.happened_at = read_timestamp(in);
  in.object("data");
  if (auto refusal = in.refusal()) return *std::move(refusal);
  event.data_bytes = json::member_text(request.body, "data").value_or("").size();
  return event;
}

Record published_record(const PublishedEvent& event, const KeyHolder& publisher, std::string body,
                        const Catalogue& catalogue, Timestamp received_at) {
  Record record;
  record.topic = catalogue.route(kSource, event.type).topic;
  record.key = event.id.value();
  record.value = std::move(body);
  record.headers.reserve(8);
  record.headers.emplace_back("ce_specversion", "1.0");
  record.headers.emplace_back("ce_id", *event.id);
  record.headers.emplace_back("ce_type", event.type);
  record.headers.emplace_back("ce_source", std::string(kSource).append("/").append(publisher.org));
  record.headers.emplace_back("ce_time", to_rfc3339(event.happened_at.value_or(received_at)));
  record.headers.emplace_back("content-type", "application/json");
  record.headers.emplace_back("ps_receivedat", to_rfc3339(received_at));
  record.headers.emplace_back("ps_apikey", publisher.key_id);
  return record;
}

}  // namespace penstock
