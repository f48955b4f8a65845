#include "ingress/identity_providers/provider_client.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/net/outgoing_url.h"

namespace penstock {
namespace {

constexpr Milliseconds kWhole{5'000};
constexpr SendDeadlines kDeadlines{
    .resolve = Milliseconds{3'000}, .connect = Milliseconds{3'000}, .first_byte = kWhole, .whole = kWhole};
constexpr std::size_t kAnswerBytesMax = 256 * 1024;
constexpr json::Limits kAnswerLimits{
    .depth_max = 16, .values_max = 10'000, .string_bytes_max = kAnswerBytesMax};
constexpr std::size_t kShortBytesMax = 255;
constexpr std::size_t kWordBytesMax = 64;

ProviderError error_of(SendError error) {
  switch (error) {
    case SendError::overloaded:
      return ProviderError::overloaded;
    case SendError::resolve_failed:
    case SendError::resolve_timeout:
    case SendError::connect_failed:
    case SendError::connect_timeout:
    case SendError::tls_failed:
    case SendError::timeout:
    case SendError::reset:
    case SendError::cancelled:
      return ProviderError::provider_away;
    case SendError::url_refused:
    case SendError::request_refused:
    case SendError::address_refused:
    case SendError::bad_answer:
    case SendError::answer_too_large:
    case SendError::internal:
      return ProviderError::bad_answer;
  }
  return ProviderError::bad_answer;
}

// Names the host alone: the rest of a URL may be nobody's business.
std::string host_of(const std::string& url) {
  const auto parsed = parse_outgoing_url(url, true);
  return parsed ? parsed.value().host : "the provider";
}

ProviderResult<ProviderAnswer> judge(const SendResult<OutgoingAnswer>& result, const std::string& host) {
  if (!result) {
    const SendFailure& failure = result.error();
    return ProviderFailure{error_of(failure.error),
                           host + ": " + std::string(to_string(failure.error)) + ": " + failure.detail};
  }
  const OutgoingAnswer& answer = result.value();
  const std::string status = host + ": status " + std::to_string(answer.status);
  if (answer.status >= 500 || answer.status == 429)
    return ProviderFailure{ProviderError::provider_away, status};
  if (answer.status >= 300 && answer.status < 400) return ProviderFailure{ProviderError::bad_answer, status};
  auto body = json::Document::parse(answer.body, kAnswerLimits);
  if (!body && answer.status >= 400) return ProviderAnswer{answer.status, {}};  // the status says enough
  if (!body)
    return ProviderFailure{ProviderError::bad_answer, status + ", and no JSON: " + body.error().detail};
  return ProviderAnswer{answer.status, std::move(body).value()};
}

// An error of RFC 6749, section 5.2, and whatever else looks like one.
std::string error_word(json::Value body) {
  const auto word = body["error"].string().value_or("");
  const bool is_word =
      !word.empty() && word.size() <= kWordBytesMax &&
      std::all_of(word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return is_word ? std::string(word) : std::string();
}

// Errors that another code would not mend: those of the standard, and GitHub's.
bool is_about_us(std::string_view word) {
  constexpr std::array<std::string_view, 7> kWords{
      "invalid_client",        "unauthorized_client",          "unsupported_grant_type", "invalid_scope",
      "redirect_uri_mismatch", "incorrect_client_credentials", "application_suspended"};
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

}  // namespace

std::string form(const FormFields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(percent_encode(value));
  }
  return text;
}

std::string with_query(std::string url, const FormFields& fields) {
  url += url.find('?') == std::string::npos ? '?' : '&';
  return url + form(fields);
}

void ProviderClient::get(std::string url, HttpFields headers, const ProviderDone<ProviderAnswer>& done) {
  OutgoingRequest request;
  request.method = OutgoingMethod::get;
  request.url = std::move(url);
  request.headers = std::move(headers);
  send(std::move(request), done);
}

void ProviderClient::post_form(std::string url, HttpFields headers, std::string body,
                               const ProviderDone<ProviderAnswer>& done) {
  OutgoingRequest request;
  request.url = std::move(url);
  request.headers = std::move(headers);
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  request.body = std::move(body);
  send(std::move(request), done);
}

void ProviderClient::send(OutgoingRequest request, const ProviderDone<ProviderAnswer>& done) {
  request.headers.emplace_back("Accept", "application/json");
  request.cleartext_allowed = true;  // to whom is the settings' and the sender's to say
  request.deadlines = kDeadlines;
  request.limits.body_bytes_kept = request.limits.body_bytes_max = kAnswerBytesMax;
  const std::string host = host_of(request.url);
  const auto sent = sender_.send(std::move(request), [done, host](const SendResult<OutgoingAnswer>& result) {
    done(judge(result, host));
  });
  if (!sent) done(judge(sent.error(), host));
}

ProviderResult<TokenAnswer> read_token_answer(const ProviderAnswer& answer) {
  const auto root = answer.body.root();
  const std::string word = error_word(root);
  const std::string said = "token endpoint: status " + std::to_string(answer.status) + " " + word;
  if (is_about_us(word)) return ProviderFailure{ProviderError::client_rejected, said};
  if (answer.status == 400 || !root["error"].missing())
    return ProviderFailure{ProviderError::code_rejected, said};
  if (answer.status != 200) return ProviderFailure{ProviderError::client_rejected, said};
  TokenAnswer tokens{std::string(root["access_token"].string().value_or("")),
                     std::string(root["id_token"].string().value_or(""))};
  if (tokens.access_token.empty() && tokens.id_token.empty())
    return ProviderFailure{ProviderError::bad_answer, "token endpoint: no token"};
  return tokens;
}

std::optional<std::string> short_text(json::Value object, std::string_view name) {
  const auto text = object[name].string();
  if (!text || text->empty() || text->size() > kShortBytesMax) return std::nullopt;
  return std::string(*text);
}

}  // namespace penstock
