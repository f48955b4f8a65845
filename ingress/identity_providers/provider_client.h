// What providers are asked, as HTTP requests, and what their answers mean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/json/value.h"
#include "common/ports/http_sender.h"
#include "ingress/identity_providers/failure.h"

namespace penstock {

// "a=1&b=x%20y", in the order that is given.
using FormFields = std::vector<std::pair<std::string_view, std::string_view>>;
std::string form(const FormFields& fields);

// A URL with these fields added to its query.
std::string with_query(std::string url, const FormFields& fields);

struct ProviderAnswer {
  int status = 0;
  json::Document body;
};

// Deadlines and limits of every request: 5 s in all, and 256 KiB of JSON.
class ProviderClient {
 public:
  explicit ProviderClient(HttpSender& sender) : sender_(sender) {}

  // An answer of a status that is neither 3xx, 429 nor 5xx. It is JSON, or 4xx and then may have an empty body.
  void get(std::string url, HttpFields headers, const ProviderDone<ProviderAnswer>& done);
  void post_form(std::string url, HttpFields headers, std::string body,
                 const ProviderDone<ProviderAnswer>& done);

 private:
  void send(OutgoingRequest request, const ProviderDone<ProviderAnswer>& done);

  HttpSender& sender_;
};

// What a code was exchanged for.
struct TokenAnswer {
  std::string access_token;
  std::string id_token;  // empty: there is none
};

// What an error is about, the code or us, is told by its name, and without a name by the status.
ProviderResult<TokenAnswer> read_token_answer(const ProviderAnswer& answer);

// The text of that member, when there is one of 1 to 255 bytes.
std::optional<std::string> short_text(json::Value object, std::string_view name);

}  // namespace penstock
