// The real server with a few routes in memory.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/http/server/server.h"

namespace penstock::http {

class EchoServer {
 public:
  explicit EchoServer(ServerOptions options = {}) : server_(options, routes(), metrics_) {
    if (!server_.start()) std::abort();
  }
  ~EchoServer() { server_.stop(std::chrono::seconds{5}); }

  const std::string& address() const { return server_.bound_address(); }
  HttpServer& server() { return server_; }
  std::string metrics() const { return metrics_.exposition(); }

  // The bodies that reached a handler, in that order.
  std::vector<std::string> served() const {
    const std::scoped_lock lock(mutex_);
    return served_;
  }

  // The bodies that were there when a head was judged.
  std::vector<std::string> judged() const {
    const std::scoped_lock lock(mutex_);
    return judged_;
  }

  // What /held has received and not answered. Waits for `count` of them.
  std::vector<Responder> held(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return held_.size() >= count; });
    return std::exchange(held_, {});
  }

 private:
  std::vector<Route> routes() {
    const auto echo = [this](Request&& request, Responder responder) {
      const std::scoped_lock lock(mutex_);
      served_.push_back(request.body);
      responder.send({.status = 200, .body = std::move(request.body), .content_type = "text/plain"});
    };
    const auto hold = [this](Request&&, Responder responder) {
      const std::scoped_lock lock(mutex_);
      held_.push_back(std::move(responder));
      changed_.notify_all();
    };
    const auto show = [](Request&& request, Responder responder) {
      responder.send({.status = 201,
                      .body = std::string(request.parameter("id")) + "|" +
                              std::string(request.query("q").value_or("none")) + "|" +
                              request.remote_address});
    };
    const auto large = [](Request&&, Responder responder) {
      responder.send({.status = 200, .body = std::string(8 * 1024 * 1024, 'x')});
    };
    std::vector<Route> table;
    table.push_back({.method = "POST", .pattern = "/echo", .name = "echo", .handler = echo});
    table.push_back({.method = "POST",
                     .pattern = "/json",
                     .name = "json",
                     .handler = echo,
                     .media_type = "application/json"});
    table.push_back({.method = "POST",
                     .pattern = "/guarded/{id}",
                     .name = "guarded",
                     .handler = echo,
                     .authenticate = [this](const Request& request) { return judge(request); }});
    table.push_back({.method = "GET", .pattern = "/ok", .name = "ok", .handler = echo});
    table.push_back({.method = "GET", .pattern = "/things/{id}", .name = "things", .handler = show});
    table.push_back({.method = "GET", .pattern = "/large", .name = "large", .handler = large});
    table.push_back({.method = "POST", .pattern = "/held", .name = "held", .handler = hold});
    table.push_back(
        {.method = "POST",
         .pattern = "/impatient",
         .name = "impatient",
         .handler = hold,
         .answer_deadline = Milliseconds{60},
         .late_answer = problem_with_retry(503, "log_unavailable", "later", std::chrono::seconds{7})});
    return table;
  }

  // Lets in who knows the password of the thing, by head alone.
  std::optional<Response> judge(const Request& request) {
    const std::scoped_lock lock(mutex_);
    judged_.push_back(request.body);
    if (request.header("X-Password") == request.parameter("id")) return std::nullopt;
    return problem(401, "unauthorized", "who is there?");
  }

  Metrics metrics_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> served_;
  std::vector<std::string> judged_;
  std::vector<Responder> held_;
  HttpServer server_;
};

inline std::string post(std::string_view path, std::string_view body, std::string_view fields = {}) {
  std::string text = "POST ";
  text.append(path).append(" HTTP/1.1\r\nHost: a\r\n").append(fields);
  text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return text;
}

inline std::string get(std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

}  // namespace penstock::http
