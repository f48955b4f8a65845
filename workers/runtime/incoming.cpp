#include "workers/runtime/incoming.h"

#include <utility>

#include "common/catalogue/catalogue.h"
#include "common/core/utf8.h"

namespace penstock {
namespace {

constexpr std::size_t kTokenBytesMax = 255;
constexpr std::size_t kMessageBytesMax = 1000;

std::string header_or(const Headers& headers, std::string_view name, std::string_view otherwise) {
  const auto text = find_header(headers, name);
  const bool good = text && !text->empty() && text->size() <= kTokenBytesMax && is_utf8(*text) &&
                    text->find('\0') == std::string_view::npos;
  return std::string(good ? *text : otherwise);
}

Timestamp time_header_or(const Headers& headers, std::string_view name, Timestamp otherwise) {
  const auto text = find_header(headers, name);
  return text ? parse_rfc3339(*text).value_or(otherwise) : otherwise;
}

// A record without an id is known by where it stood first.
EventKey event_key_of(const Headers& headers, const Position& origin) {
  return make_event_key(header_or(headers, "ce_source", "unknown"),
                        header_or(headers, "ce_id",
                                  origin.topic + "-" + std::to_string(origin.partition.value) + "-" +
                                      std::to_string(origin.offset.value)));
}

// Does the record at an event's position tell of this event? Not when its topic was deleted and created anew.
bool is_record_of(const StoredRecord& record, const EventKey& key) {
  const auto id = find_header(record.headers, "ce_id");
  return !id || make_event_key(find_header(record.headers, "ce_source").value_or(""), *id) == key;
}

}  // namespace

std::string storable_message(std::string_view text) {
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos) return "(no text)";
  return utf8_prefix(text, kMessageBytesMax);
}

Rejection rejection_of(const Error& error) {
  const auto end = error.detail.find_first_of(": ");
  return {error.detail.substr(0, end), storable_message(error.detail)};
}

Incoming identify(StoredRecord record) {
  Incoming incoming;
  const Headers& headers = record.headers;
  incoming.source = header_or(headers, "ce_source", "unknown");
  incoming.type = header_or(headers, "ce_type", "unknown");
  incoming.key = event_key_of(headers, record.position);
  incoming.has_id = !header_or(headers, "ce_id", "").empty();
  incoming.received_at = time_header_or(headers, "ps_receivedat", record.appended_at);
  incoming.event_created = time_header_or(headers, "ce_time", incoming.received_at);
  incoming.record = std::move(record);
  return incoming;
}

void read_body(Incoming& incoming, const Sources& sources) {
  if (std::exchange(incoming.body_read, true)) return;
  ReadEvent read = sources.read({incoming.key, incoming.source, incoming.type, incoming.event_created,
                                 incoming.record.value, incoming.record.headers});
  incoming.entity = std::move(read.entity);
  incoming.event_created = read.created.value_or(incoming.event_created);
  if (read.facts)
    incoming.facts = std::move(read.facts).value();
  else
    incoming.rejected = rejection_of(read.facts.error());
}

InboxRow inbox_row(const Incoming& incoming, Outcome outcome) {
  InboxRow row;
  row.key = incoming.key;
  row.type = incoming.type;
  row.source = incoming.source;
  row.event_created = incoming.event_created;
  row.received_at = incoming.received_at;
  row.outcome = outcome;
  row.attempts = incoming.attempts;
  row.topic = incoming.record.position.topic;
  row.partition = incoming.record.position.partition.value;
  row.offset = incoming.record.position.offset.value;
  row.entity = incoming.entity;
  if (const Rejection* why = incoming.why_parked(); why != nullptr && outcome == Outcome::parked)
    take_reason(row, *why);
  return row;
}

void take_reason(InboxRow& row, const Rejection& why) {
  row.reason = why.error_class;
  row.error_class = why.error_class;
  row.message = why.message;
}

Result<std::optional<StoredRecord>> read_record(EventSource& log, const InboxRow& row) {
  TRY(auto record,
      log.read({row.topic, Partition{static_cast<std::int32_t>(row.partition)}, Offset{row.offset}}));
  if (record && !is_record_of(*record, row.key)) record.reset();
  return record;
}

EventKey key_of_dead_letter(const StoredRecord& letter) {
  const auto header = [&](std::string_view name) { return header_or(letter.headers, name, ""); };
  const auto origin = parse_position(header("ps_parkedtopic") + "/" + header("ps_parkedpartition") + "/" +
                                     header("ps_parkedoffset"));
  return event_key_of(letter.headers, origin.value_or(letter.position));
}

Record dead_letter(const Incoming& incoming) {
  const Position& origin = incoming.record.position;
  Record letter{std::string(kParkedTopic), incoming.record.key, incoming.record.value,
                incoming.record.headers};
  letter.headers.emplace_back("ps_parkedtopic", origin.topic);
  letter.headers.emplace_back("ps_parkedpartition", std::to_string(origin.partition.value));
  letter.headers.emplace_back("ps_parkedoffset", std::to_string(origin.offset.value));
  letter.headers.emplace_back("ps_parkedattempts", std::to_string(incoming.attempts));
  if (const Rejection* why = incoming.why_parked())
    letter.headers.emplace_back("ps_parkedreason", why->error_class);
  return letter;
}

}  // namespace penstock
