// The HTTP/1.1 server of the public and the private listener: strict about what it reads, bounded in
// everything it keeps, and never blocked by a slow peer. docs/security.md lists the rules and the limits.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/core/result.h"
#include "common/core/time.h"
#include "common/http/server/request_head.h"
#include "common/observe/metrics.h"

namespace penstock::http {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

// Names one request among all of this process and, very likely, of all others.
struct RequestId {
  std::uint64_t loop = 0;    // drawn by lot when its event loop starts
  std::uint64_t number = 0;  // of the requests of that loop
};

// "5f0c1b2a3d4e5f60-17"
std::string to_string(RequestId id);

// One complete request. Owns all it shows, so a handler may move it elsewhere
// and read it from another thread.
class Request {
 public:
  Request() = default;
  Request(RequestHead request_head, std::string address, RequestId id)
      : head(std::move(request_head)), remote_address(std::move(address)), id_(id) {}

  std::string_view method() const noexcept { return head.method(); }
  // The value of a {segment} of the route's path, decoded; empty when the route has none of that name.
  std::string_view parameter(std::string_view name) const noexcept;
  // The first value of that name in the query, decoded.
  std::optional<std::string_view> query(std::string_view name) const noexcept;
  // The first field of that name, whatever the case.
  std::optional<std::string_view> header(std::string_view name) const noexcept { return head.field(name); }
  // What the answer's X-Request-Id says.
  std::string request_id() const { return to_string(id_); }

  RequestHead head;
  NamedTexts path_parameters;
  NamedTexts query_parameters;
  std::string body;
  std::string remote_address;                         // without the port
  std::chrono::steady_clock::time_point received_at;  // when its last byte had come; set for the handler

 private:
  RequestId id_;
};

// Fills the error envelope of contract.md; the server adds the request id.
struct Problem {
  std::string type;
  std::string message;
  NamedTexts fields = {};              // JSON pointer -> why
  std::vector<std::string> keys = {};  // what could have been meant
};

struct Response {
  int status = 200;
  std::string body = {};
  std::string_view content_type = "application/json";  // must outlive the answer
  NamedTexts headers = {};  // a name or value with a control character turns the answer into a 500
  std::optional<Problem> problem = {};  // replaces the body
};

Response problem(int status, std::string type, std::string message);
Response problem_with_retry(int status, std::string type, std::string message,
                            std::chrono::seconds retry_after);

class Mailbox;

// The way back to one request's connection. Copyable; may be used from any thread and may outlive the server.
// Only the first answer of a request counts: one that comes later, or after the route's deadline, is dropped.
class Responder {
 public:
  Responder(std::shared_ptr<Mailbox> mailbox, std::uint32_t slot, std::uint64_t exchange) noexcept
      : mailbox_(std::move(mailbox)), slot_(slot), exchange_(exchange) {}

  // Never blocks beyond a short lock.
  void send(Response response) const;
  // For an answer that never changes: no copy is made. It must outlive the server.
  void send_constant(const Response& response) const;

 private:
  std::shared_ptr<Mailbox> mailbox_;
  std::uint32_t slot_;
  std::uint64_t exchange_;
};

// Runs on an I/O thread: must not block, and must not throw.
using Handler = std::function<void(Request&&, Responder)>;

// Judges a request by its head, before anything of its body is read or even asked for: nullopt lets it in, an
// answer ends it. The request has no body yet. Runs on an I/O thread: must not block, and must not throw.
using HeadCheck = std::function<std::optional<Response>(const Request&)>;

struct Route {
  std::string_view method;  // GET also answers HEAD
  std::string pattern;      // "/v1/payments/{id}": a {name} is one segment; a literal segment wins over it
  std::string_view name;    // label of the metrics
  Handler handler;
  std::string_view media_type = {};  // when given, the request must have a body of this type: else 411 or 415
  HeadCheck authenticate = {};       // when given, asked once the form of the head is found good
  Milliseconds answer_deadline{30'000};
  // Sent when the handler has not answered by then.
  Response late_answer = problem(503, "timeout", "no answer in time");
};

struct ServerOptions {
  std::string host = "127.0.0.1";  // an address, not a name
  std::uint16_t port = 0;          // 0: any free one
  std::size_t threads = 1;
  std::size_t header_bytes_max = 8 * 1024;
  std::size_t body_bytes_max = 512 * 1024;
  std::size_t body_bytes_total_max = 256 * 1024 * 1024;  // of all requests that are being read or answered
  std::size_t body_bytes_per_address_max = 256 * 1024 * 1024;  // of those from one address, of an IPv6 /64
  std::size_t connections_max = 4096;
  std::size_t connections_per_address_max = 1024;
  Milliseconds header_deadline{5'000};  // from the first byte of a request to the end of its header
  Milliseconds body_deadline{10'000};   // from there to the end of its body
  Milliseconds idle_deadline{30'000};   // without a request
  Milliseconds write_deadline{10'000};  // for one answer
  Milliseconds linger_deadline{2'000};  // for the peer to take the last answer
  std::string metrics_prefix = "penstock_ingress";
};

// Thread-safe. Connections are spread over `threads` event loops by the kernel (SO_REUSEPORT) and stay there.
class HttpServer {
 public:
  HttpServer(ServerOptions options, std::vector<Route> routes, Metrics& metrics);
  ~HttpServer();  // as stop(0)
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds and serves. Errors: invalid (no such address), unavailable (in use, not allowed).
  Status start();

  // "127.0.0.1:8080", with the port that was picked. After start() only.
  const std::string& bound_address() const noexcept;

  // Stops accepting, closes idle connections, answers the requests that have begun to arrive; after
  // `deadline` closes the rest. Blocks until all is done. Not from a handler.
  void stop(Milliseconds deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace penstock::http
