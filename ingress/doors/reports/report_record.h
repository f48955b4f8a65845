// A report as it is posted, as it stands in the log, and as it is answered. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/catalogue/catalogue.h"
#include "common/core/describe.h"
#include "common/core/time.h"
#include "ingress/intake/intake.h"

namespace penstock {

struct PostedReport {
  std::string reportable_id;
  std::string reportable_type;
  std::string reason;
  std::optional<std::string> description;
  bool operator==(const PostedReport&) const = default;
};
BOOST_DESCRIBE_STRUCT(PostedReport, (), (reportable_id, reportable_type, reason, description))

inline constexpr std::size_t kReportTypeBytesMax = 64;
inline constexpr std::size_t kReportDescriptionBytesMax = 4096;

// What the body says; otherwise the 400 that names each field that is wrong.
std::variant<PostedReport, http::Response> read_report(const http::Request& request);

// Who reports.
struct Reporter {
  std::string org;
  std::string name;  // a user's id, or "key:<id>" of an API key
};

// CloudEvents headers in Kafka's binary mode: whose report it is, from whom, of when, and named what.
Headers report_headers(const Reporter& reporter, std::string id, Timestamp received_at);

// The key under which a request claims an idempotency key. Two reporters never share one.
std::string report_claim_key(const Reporter& reporter, std::string_view idempotency_key);

// The event and its answer, which follow from a body that read_report() took and the headers that were made for it. Keyed
// by what is reported. Errors: corrupt, for any other.
Result<VerifiedEvent> report_event(std::string body, Headers headers, const Catalogue& catalogue);

}  // namespace penstock
