// What became of each event (the inbox), and what it tells the outside (outbox, alerts).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "workers/domain/event/event.h"
#include "workers/domain/state/table.h"

namespace penstock {

BOOST_DEFINE_ENUM_CLASS(Outcome, applied, stale, duplicate, ignored, unroutable, parked)

struct TouchedRow {
  std::string resource;
  std::string id;
  auto operator<=>(const TouchedRow&) const = default;
};
BOOST_DESCRIBE_STRUCT(TouchedRow, (), (resource, id))

// One row per event, written in the transaction of its effects: the truth about duplicates, and the record
// that operators read.
struct InboxRow {
  EventKey key;
  std::string type;
  std::string source;
  Timestamp event_created;  // the event's own; the time of receipt where it has none
  Timestamp received_at;
  Outcome outcome = Outcome::applied;
  std::optional<std::string> reason;
  std::optional<std::string> error_class;  // of a parked event
  std::optional<std::string> message;
  std::int64_t attempts = 1;
  std::string topic;
  std::int64_t partition = 0;
  std::int64_t offset = 0;
  std::optional<std::string> entity;  // the object it is about
  std::vector<TouchedRow> touched;
  std::int64_t deliveries = 1;               // records of this event that were read, this one included
  std::optional<std::string> last_delivery;  // the position of the last one counted, as to_text(Position)
  bool operator==(const InboxRow&) const = default;
};
BOOST_DESCRIBE_STRUCT(InboxRow, (),
                      (key, type, source, event_created, received_at, outcome, reason, error_class, message,
                       attempts, topic, partition, offset, entity, touched, deliveries, last_delivery))

// How far a partition's events without an id have been counted. Written in the transaction that counts them,
// it stands for an inbox row of each (workers/runtime/counting.h).
//
// A record of the log is older than a mark when neither its offset nor its time of appending is beyond it.
// Since a log that is made anew begins at offset 0 again, but not at the same time, all that was counted of
// earlier logs has a mark of its own.
struct CountedOffset {
  std::string partition;  // "ads/3"
  std::int64_t offset = -1;
  std::int64_t appended_ms =
      0;  // the latest of all that were counted; Unix milliseconds, as far as clocks may go
  std::int64_t past_offset = -1;
  std::int64_t past_appended_ms = 0;
  bool operator==(const CountedOffset&) const = default;
};
BOOST_DESCRIBE_STRUCT(CountedOffset, (), (partition, offset, appended_ms, past_offset, past_appended_ms))

// To be told to the platform, or to one app. The id follows from the cause alone, so a repetition is the same row. Who
// signs it, and with what, is found when it is delivered.
//
// What an org has published itself has the key of its event as its id, which no other row can have, and is told under the id that the
// org gave it (workers/deliveries/envelope.h).
struct OutboxRow {
  std::string id;
  std::string type;
  std::string org;
  EventKey event;
  std::string data;  // a JSON object
  std::optional<std::string> app =
      {};  // the slug of the app that alone is told; none: whoever has asked for the type
  std::optional<Timestamp> happened_at = {};  // as its publisher says; none: when the row was written
  bool published = false;                     // it has its place in the feed (outbound_rows.h)
  bool operator==(const OutboxRow&) const = default;
};
BOOST_DESCRIBE_STRUCT(OutboxRow, (), (id, type, org, event, data, app, happened_at, published))

// Once per (kind, subject).
struct Alert {
  std::string id;
  std::string kind;
  std::string subject;
  std::string message;
  EventKey event;
  std::optional<Timestamp> acknowledged_at;
  bool operator==(const Alert&) const = default;
};
BOOST_DESCRIBE_STRUCT(Alert, (), (id, kind, subject, message, event, acknowledged_at))

// What most events are: of every payment one of each of these types, and almost always applied.
inline constexpr std::string_view kCommonTypes[] = {"checkout.session.completed", "payment_intent.succeeded"};
inline constexpr std::string_view kCommonSources[] = {"stripe"};
inline constexpr std::string_view kCommonOutcomes[] = {"applied"};
inline constexpr std::string_view kParkedOnly = "outcome = 'parked'";
inline constexpr std::string_view kUnpublishedOnly = "NOT published";

template <>
struct TableName<InboxRow> {
  static constexpr ListIndex kIndexes[] = {{},
                                           {.column = "type", .common = kCommonTypes},
                                           {.column = "source", .common = kCommonSources},
                                           {.column = "outcome", .common = kCommonOutcomes},
                                           {.column = "reason", .only = kParkedOnly}};
  static constexpr TableTraits traits{
      .name = "inbox", .newest_first = "received_at", .partitioned_by = "event_created", .indexes = kIndexes};
};
template <>
struct TableName<CountedOffset> {
  static constexpr TableTraits traits{.name = "counted_offsets"};
};
template <>
struct TableName<OutboxRow> {
  static constexpr ListIndex kIndexes[] = {{.only = kUnpublishedOnly}};
  static constexpr TableTraits traits{.name = "outbox", .mode = WriteMode::insert_once, .indexes = kIndexes};
};
template <>
struct TableName<Alert> {
  static constexpr ListIndex kIndexes[] = {{}, {.column = "kind"}, {.column = "subject"}};
  static constexpr TableTraits traits{
      .name = "alerts", .mode = WriteMode::insert_once, .resource = "alerts", .indexes = kIndexes};
};

}  // namespace penstock
