#include "common/adapters/curl/request_rules.h"

#include <algorithm>
#include <array>

namespace penstock::curl {
namespace {

constexpr std::size_t kFieldsMax = 64;
constexpr std::size_t kFieldBytesMax = 16 * 1024;

// What frames the request or belongs to the connection is the sender's own, as is who it says it is.
constexpr std::array<std::string_view, 16> kOwnFields{"accept-encoding",
                                                      "connection",
                                                      "content-length",
                                                      "expect",
                                                      "host",
                                                      "http2-settings",
                                                      "keep-alive",
                                                      "proxy-authenticate",
                                                      "te",
                                                      "proxy-connection",
                                                      "proxy-authorization",
                                                      "trailer",
                                                      "upgrade",
                                                      "user-agent",
                                                      "transfer-encoding",
                                                      "via"};

bool is_alphanumeric(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_token_char(char c) noexcept {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return is_alphanumeric(c) || kMarks.find(c) != std::string_view::npos;
}

bool is_value(std::string_view text) noexcept {
  const bool padded = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  return !padded && std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

Error refuse(std::string why) { return {ErrorCode::invalid, std::move(why)}; }

Status check_field(std::string_view name, std::string_view value) {
  if (!is_token(name)) return refuse("a header's name is no token");
  const std::string known_as = lower_case(name);
  if (std::find(kOwnFields.begin(), kOwnFields.end(), known_as) != kOwnFields.end())
    return refuse("header " + known_as + " is the sender's own");
  if (!is_value(value)) return refuse("header " + known_as + " has a value that no header can carry");
  return ok();
}

bool is_positive(const SendDeadlines& deadlines) noexcept {
  const auto least = std::min({deadlines.resolve, deadlines.connect, deadlines.first_byte, deadlines.whole});
  return least > Milliseconds{0};
}

}  // namespace

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

Status check_request(const OutgoingRequest& request) {
  if (request.headers.size() > kFieldsMax) return refuse("has more than 64 headers");
  std::size_t bytes = 0;
  for (const auto& [name, value] : request.headers) {
    TRY_STATUS(check_field(name, value));
    bytes += name.size() + value.size();
  }
  if (bytes > kFieldBytesMax) return refuse("has more than 16 KiB of headers");
  if (request.method == OutgoingMethod::get && !request.body.empty()) return refuse("is a GET with a body");
  if (!is_positive(request.deadlines)) return refuse("has a deadline that is not positive");
  return ok();
}

std::size_t bytes_of(const OutgoingRequest& request) noexcept {
  std::size_t bytes = request.url.size() + request.body.size() + request.limits.body_bytes_kept;
  for (const auto& [name, value] : request.headers) bytes += name.size() + value.size();
  return bytes;
}

}  // namespace penstock::curl
