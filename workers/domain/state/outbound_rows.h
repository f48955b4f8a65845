// What is told to the outside: the order in which everybody reads it, to whom it goes, and how that went.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "workers/domain/state/table.h"

namespace penstock {

// An outbound event at its place in the one order of all readers. Places are given after the event is committed, so none is
// ever given before one that a reader may have passed.
struct FeedEvent {
  std::string place;  // 19 digits, counted up from 1 without a gap
  std::string
      reader;  // the org whose feed it is in; "app/courses": it is for that app alone, and in no org's feed
  std::string type;
  std::string event;       // OutboxRow::id
  Timestamp published_at;  // never before that of the place before
  bool operator==(const FeedEvent&) const = default;
};
BOOST_DESCRIBE_STRUCT(FeedEvent, (), (place, reader, type, event, published_at))

// The one row that says which place was given last; whoever gives more holds it.
struct FeedHead {
  std::string id;
  std::int64_t place = 0;
  Timestamp published_at;
  bool operator==(const FeedHead&) const = default;
};
BOOST_DESCRIBE_STRUCT(FeedHead, (), (id, place, published_at))

BOOST_DEFINE_ENUM_CLASS(DeliveryStatus, pending, succeeded, failed)

// One event on its way to one endpoint ("config/acme/main", "app/courses").
struct Delivery {
  std::string id;  // "<place in the feed>@<endpoint>": in the order of the feed
  std::string endpoint;
  std::string org;
  std::string event;  // OutboxRow::id
  std::string type;
  DeliveryStatus status = DeliveryStatus::pending;
  std::int64_t attempts = 0;
  std::int64_t attempts_before =
      0;  // of these, before it was last queued: the schedule begins anew with each
  std::optional<Timestamp> due_at = {};     // of the next attempt; none: there is none
  std::optional<Timestamp> failed_at = {};  // none: it has not, or was queued again
  bool operator==(const Delivery&) const = default;
};
BOOST_DESCRIBE_STRUCT(Delivery, (),
                      (id, endpoint, org, event, type, status, attempts, attempts_before, due_at, failed_at))

// The worker that has the lease is the only one that sends to the endpoint, so that how much is sent at once, how fast and in
// what order is decided in one place.
struct DeliveryEndpoint {
  std::string id;
  std::optional<Timestamp> due_at = {};  // no later than the earliest delivery's; none: nothing is pending
  std::optional<std::string> leased_by = {};
  std::int64_t failures = 0;                    // in a row, of those that pass
  std::optional<Timestamp> failing_since = {};  // since then nothing has been taken
  bool alerted = false;                         // of that
  std::optional<Timestamp> open_until = {};     // the circuit breaker is open: nothing is sent until then
  std::optional<Timestamp> paced_until = {};    // what has been sent uses up the rate until then
  bool operator==(const DeliveryEndpoint&) const = default;
};
BOOST_DESCRIBE_STRUCT(DeliveryEndpoint, (),
                      (id, due_at, leased_by, failures, failing_since, alerted, open_until, paced_until))

// One request that was sent, or could not be, and what came of it.
struct DeliveryAttempt {
  std::string id;
  std::string delivery;
  std::string endpoint;
  std::string org;
  std::string event;
  std::string type;
  std::int64_t attempt = 1;
  DeliveryStatus status = DeliveryStatus::pending;  // of the delivery, after it
  std::string url = {};
  std::map<std::string, std::string> request_headers = {};
  std::optional<std::string> request_body = {};  // where no outbox row has it
  std::optional<std::int64_t> status_code = {};
  std::optional<std::string> status_class = {};   // "5xx"
  std::optional<std::string> response_body = {};  // cut, as UTF-8
  std::optional<std::string> error = {};          // a word of SendError
  std::optional<std::string> error_detail = {};
  std::map<std::string, std::int64_t> timings_us = {};  // how long each phase took that there was
  std::int64_t duration_ms = 0;
  std::optional<Timestamp> next_attempt_at = {};
  bool operator==(const DeliveryAttempt&) const = default;
};
BOOST_DESCRIBE_STRUCT(DeliveryAttempt, (),
                      (id, delivery, endpoint, org, event, type, attempt, status, url, request_headers,
                       request_body, status_code, status_class, response_body, error, error_detail,
                       timings_us, duration_ms, next_attempt_at))

template <>
struct TableName<FeedEvent> {
  static constexpr ListIndex kIndexes[] = {{.column = "reader"}};
  static constexpr TableTraits traits{
      .name = "feed", .mode = WriteMode::insert_new, .newest_first = "published_at", .indexes = kIndexes};
};
template <>
struct TableName<FeedHead> {
  static constexpr TableTraits traits{.name = "feed_head"};
};
template <>
struct TableName<Delivery> {
  static constexpr TableTraits traits{.name = "deliveries"};
};
template <>
struct TableName<DeliveryEndpoint> {
  static constexpr TableTraits traits{.name = "delivery_endpoints"};
};
template <>
struct TableName<DeliveryAttempt> {
  static constexpr ListIndex kIndexes[] = {{.column = "org"}, {.column = "endpoint"}};
  static constexpr TableTraits traits{
      .name = "delivery_attempts", .mode = WriteMode::insert_new, .indexes = kIndexes};
};

}  // namespace penstock
