#include "ingress/doors/events/events_door.h"

#include "common/crypto/crypto.h"
#include "common/json/writer.h"
#include "common/registry/api_key.h"
#include "ingress/doors/api_key.h"
#include "ingress/doors/events/published_record.h"
#include "ingress/doors/refusals.h"

namespace penstock {
namespace {

constexpr std::string_view kInvalid = "event_invalid";
constexpr std::size_t kOtherMembersKib = 4;

std::vector<std::string_view> all_reasons() {
  std::vector<std::string_view> reasons(kApiKeyReasons.begin(), kApiKeyReasons.end());
  reasons.insert(reasons.end(), {kBodyTooLarge, kInvalid});
  return reasons;
}

http::Response received_as(std::string_view id) {
  json::Writer out;
  out.begin_object().key("received").boolean(true).key("id").string(id).end_object();
  return {.status = 200, .body = std::move(out).text()};
}

struct EventsDoor {
  const Catalogue& catalogue;
  const registry::Table& settings;

  std::optional<Refused> authenticate_head(const http::Request& request) const {
    auto holder = authenticate_api_key(request, registry::kEventsPublish, settings);
    if (auto* refused = std::get_if<Refused>(&holder)) return std::move(*refused);
    return judge_small_body(request, kPublishedDataKibMax + kOtherMembersKib);
  }

  Received receive(http::Request& request, Timestamp now) const {
    auto judged = authenticate_api_key(request, registry::kEventsPublish, settings);
    if (auto* refused = std::get_if<Refused>(&judged)) return std::move(*refused);
    const auto& publisher = std::get<KeyHolder>(judged);
    auto read = read_published(request, catalogue);
    if (auto* refusal = std::get_if<http::Response>(&read))
      return refuse(kInvalid, std::move(*refusal), "of key " + publisher.key_id);
    auto& event = std::get<PublishedEvent>(read);
    if (event.data_bytes > kPublishedDataKibMax * 1024)
      return too_large("data", event.data_bytes, kPublishedDataKibMax);
    if (!event.id) event.id = crypto::uuid_v7(now);
    return VerifiedEvent{published_record(event, publisher, std::move(request.body), catalogue, now),
                         received_as(*event.id)};
  }
};

}  // namespace

Door events_door(const Catalogue& catalogue, const registry::Table& settings) {
  const EventsDoor door{catalogue, settings};
  return {.name = "events",
          .paths = {"/v1/events"},
          .media_type = "application/json",
          .refusal = "event refused",
          .reasons = all_reasons(),
          .accepted = {.status = 200},
          .authenticate_head = [door](const http::Request& request,
                                      Timestamp) { return door.authenticate_head(request); },
          .receive = [door](http::Request& request, Timestamp now) { return door.receive(request, now); }};
}

}  // namespace penstock
