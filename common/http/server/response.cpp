#include "common/http/server/response.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "common/core/check.h"
#include "common/json/writer.h"

namespace penstock::http {
namespace {

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    default:
      return "";
  }
}

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_id(std::string& out, RequestId id) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::array<char, 17> loop;
  for (std::size_t i = 0; i < 16; ++i) loop[i] = kHexDigits[(id.loop >> (60 - 4 * i)) & 0xF];
  loop[16] = '-';
  out.append(loop.data(), loop.size());
  append_number(out, id.number);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append("\r\n").append(name).append(": ").append(value);
}

bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool sendable(const Response& response) noexcept {
  return !has_control(response.content_type) &&
         std::none_of(response.headers.begin(), response.headers.end(), [](const auto& header) {
           return has_control(header.first) || has_control(header.second);
         });
}

std::string envelope(const Problem& problem, RequestId request_id) {
  json::Writer out;
  out.begin_object().key("error").begin_object();
  out.key("type")
      .string(problem.type)
      .key("message")
      .string(problem.message)
      .key("request_id")
      .string(to_string(request_id));
  if (!problem.fields.empty()) {
    out.key("fields").begin_object();
    for (const auto& [pointer, why] : problem.fields) out.key(pointer).string(why);
    out.end_object();
  }
  if (!problem.keys.empty()) {
    out.key("keys").begin_array();
    for (const auto& key : problem.keys) out.string(key);
    out.end_array();
  }
  out.end_object().end_object();
  return std::move(out).text();
}

void append_with_body(std::string& out, const Response& response, std::string_view body,
                      const Framing& framing) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(response.status));
  out.append(" ").append(reason_phrase(response.status));
  append_field(out, "Date", framing.date);
  append_field(out, "Content-Type", response.content_type);
  append_field(out, "Content-Length", "");
  append_number(out, body.size());
  append_field(out, "Connection", framing.keep_alive ? "keep-alive" : "close");
  append_field(out, "X-Request-Id", "");
  append_id(out, framing.request_id);
  for (const auto& [name, value] : response.headers) append_field(out, name, value);
  out.append("\r\n\r\n");
  if (framing.with_body) out.append(body);
}

struct RefusalAnswer {
  Refusal refusal;
  int status;
  std::string_view type;
  std::string_view message;
};

// One line for each Refusal, in its order.
constexpr RefusalAnswer kRefusalAnswers[] = {
    {Refusal::malformed, 400, "bad_request", "malformed request, or another version than 1.0 and 1.1"},
    {Refusal::folded_field, 400, "bad_request", "a header field must not span lines"},
    {Refusal::too_many_fields, 400, "bad_request", "too many header fields"},
    {Refusal::host_missing, 400, "bad_request", "the Host field is missing"},
    {Refusal::host_repeated, 400, "bad_request", "more than one Host field"},
    {Refusal::host_invalid, 400, "bad_request", "the Host field is invalid"},
    {Refusal::target_not_a_path, 400, "bad_request", "the request target must be a path"},
    {Refusal::bad_encoding, 400, "bad_request", "the path or query is wrongly encoded"},
    {Refusal::transfer_encoding, 400, "bad_request", "this Transfer-Encoding is not accepted"},
    {Refusal::chunked, 411, "length_required", "send a Content-Length instead of chunks"},
    {Refusal::content_length_invalid, 400, "bad_request", "the Content-Length is invalid"},
    {Refusal::content_length_repeated, 400, "bad_request", "more than one Content-Length"},
    {Refusal::unexpected_body, 400, "bad_request", "this method takes no body"},
    {Refusal::length_required, 411, "length_required", "a Content-Length is required"},
    {Refusal::unsupported_media_type, 415, "unsupported_media_type", "this Content-Type is not accepted"},
    {Refusal::expectation_failed, 417, "expectation_failed", "only 100-continue can be expected"},
    {Refusal::header_too_large, 431, "header_too_large", "the header is too large"},
    {Refusal::body_too_large, 413, "body_too_large", "the body is too large"},
    {Refusal::header_timeout, 408, "timeout", "the header did not arrive in time"},
    {Refusal::body_timeout, 408, "timeout", "the body did not arrive in time"},
    {Refusal::not_found, 404, "not_found", "there is nothing here"},
    {Refusal::method_not_allowed, 405, "method_not_allowed", "this method is not allowed here"},
    {Refusal::body_memory, 503, "overloaded", "too many requests at once"},
    {Refusal::body_memory_per_address, 503, "overloaded", "too many requests at once from this address"},
    {Refusal::connections, 503, "overloaded", "too many connections"},
    {Refusal::connections_per_address, 429, "too_many_connections", "too many connections from this address"},
};
static_assert(std::size(kRefusalAnswers) == kRefusals);

}  // namespace

Response problem(int status, std::string type, std::string message) {
  Response response;
  response.status = status;
  response.problem = Problem{std::move(type), std::move(message), {}};
  return response;
}

Response problem_with_retry(int status, std::string type, std::string message,
                            std::chrono::seconds retry_after) {
  Response response = problem(status, std::move(type), std::move(message));
  response.headers.emplace_back("Retry-After", std::to_string(retry_after.count()));
  return response;
}

void append_response(std::string& out, const Response& response, const Framing& framing) {
  if (!sendable(response))
    return append_response(out, problem(500, "internal", "the answer was invalid"), framing);
  if (!response.problem) return append_with_body(out, response, response.body, framing);
  append_with_body(out, response, envelope(*response.problem, framing.request_id), framing);
}

Response refusal_response(Refusal refusal) {
  const auto& answer = kRefusalAnswers[static_cast<std::size_t>(refusal)];
  CHECK(answer.refusal == refusal);
  if (answer.status == 503 || answer.status == 429)
    return problem_with_retry(answer.status, std::string(answer.type), std::string(answer.message),
                              std::chrono::seconds{5});
  return problem(answer.status, std::string(answer.type), std::string(answer.message));
}

std::string to_string(RequestId id) {
  std::string text;
  append_id(text, id);
  return text;
}

std::string imf_fixdate(std::chrono::sys_seconds at) {
  constexpr const char* kWeekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{at - day};
  char text[64];
  const int length =
      std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT",
                    kWeekdays[std::chrono::weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
                    kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                    static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                    static_cast<int>(time.seconds().count()));
  return {text, static_cast<std::size_t>(length)};
}

}  // namespace penstock::http
