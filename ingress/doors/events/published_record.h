// An event that an org publishes, as it is posted and as it stands in the log. Pure.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "common/catalogue/catalogue.h"
#include "common/core/time.h"
#include "common/ports/event_record.h"
#include "ingress/doors/api_key.h"

namespace penstock {

inline constexpr std::size_t kPublishedIdBytesMax = 128;
inline constexpr std::size_t kPublishedTypeBytesMax = 128;  // what a pattern of a receiver may have, too
inline constexpr std::size_t kPublishedDataKibMax = 256;

struct PublishedEvent {
  std::string type;               // "reward.claimed", in a category that the catalogue routes
  std::size_t data_bytes = 0;     // of `data` as it was sent
  std::optional<std::string> id;  // within the org
  std::optional<Timestamp> happened_at;
};

// What the body says, how large `data` is included, which is not judged; otherwise the 400 that names each field that is wrong.
std::variant<PublishedEvent, http::Response> read_published(const http::Request& request,
                                                            const Catalogue& catalogue);

// CloudEvents headers in Kafka's binary mode, around the body as it was sent. Its key is the id, which `event` must have.
Record published_record(const PublishedEvent& event, const KeyHolder& publisher, std::string body,
                        const Catalogue& catalogue, Timestamp received_at);

}  // namespace penstock
