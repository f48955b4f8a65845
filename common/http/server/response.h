// Answers as bytes.
#pragma once

#include <string>
#include <string_view>

#include "common/http/server/server.h"

namespace penstock::http {

struct Framing {
  bool keep_alive = true;
  bool with_body = true;  // false for HEAD
  RequestId request_id;
  std::string_view date;  // IMF-fixdate
};

// Appends one HTTP/1.1 answer. A response that cannot be sent as it is (control characters in a header)
// becomes a 500.
void append_response(std::string& out, const Response& response, const Framing& framing);

// What the server answers when it turns a request away itself.
Response refusal_response(Refusal refusal);

std::string imf_fixdate(std::chrono::sys_seconds at);

}  // namespace penstock::http
