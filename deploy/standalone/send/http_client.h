// One HTTP/1.1 request at a time, for the command line: plain HTTP, a connection
// each, a deadline over all of it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/config/values.h"

namespace penstock::send {

struct HttpUrl {
  Address address;
  std::string target;  // path and query; "/" when the URL has none
};

// "http://host[:port][/path]". Errors are `invalid` and say what is wrong with it; https is not spoken.
Result<HttpUrl> parse_http_url(std::string_view text);

// The text as a segment of a path, or as a value of a query.
std::string path_segment(std::string_view text);

struct HttpRequest {
  std::string_view method;
  HttpUrl url;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// Blocks for `deadline` at most, and beyond it only while the system looks up a name. Errors: unavailable (no
// connection, broken off, no HTTP, a body above 8 MiB), timeout; they name the address.
Result<HttpAnswer> fetch(const HttpRequest& request, Milliseconds deadline);

}  // namespace penstock::send
