#include <condition_variable>
#include <mutex>
#include <thread>

#include "common/observe/log.h"
#include "ingress/routes/routes.h"

namespace penstock {
namespace {

constexpr std::size_t kScrapesMax = 16;

http::Response status_ok() { return {.status = 200, .body = R"({"status":"ok"})"}; }

}  // namespace

struct Probes::Impl {
  Impl(ProbeOptions probe_options, std::function<Status()> check, const Metrics& registry)
      : options(probe_options), ready(std::move(check)), metrics(registry), thread([this] { run(); }) {}

  ~Impl() {
    {
      const std::scoped_lock lock(mutex);
      stopping = true;
    }
    wanted.notify_one();
    thread.join();
  }

  void answer_ready(const http::Responder& responder) {
    const std::scoped_lock lock(mutex);
    if (checked_at && std::chrono::steady_clock::now() - *checked_at <= options.ready_age_max)
      return responder.send_constant(is_ready ? ok_answer : not_ready_answer);
    awaiting_check.push_back(responder);
    wanted.notify_one();
  }

  void answer_metrics(const http::Responder& responder) {
    const std::scoped_lock lock(mutex);
    if (awaiting_metrics.size() >= kScrapesMax) return responder.send_constant(busy_answer);
    awaiting_metrics.push_back(responder);
    wanted.notify_one();
  }

  void run() {
    for (std::unique_lock lock(mutex);;) {
      wanted.wait(lock, [this] { return stopping || !awaiting_check.empty() || !awaiting_metrics.empty(); });
      if (stopping) return;
      const auto scrapes = std::exchange(awaiting_metrics, {});
      const bool check = !awaiting_check.empty();
      lock.unlock();
      if (!scrapes.empty()) send_metrics(scrapes);
      std::optional<Status> result;
      if (check) result = ready();
      lock.lock();
      if (result) settle(*result);
    }
  }

  void send_metrics(const std::vector<http::Responder>& scrapes) const {
    const auto text = metrics.exposition();
    for (const auto& responder : scrapes)
      responder.send({.body = text, .content_type = "text/plain; version=0.0.4; charset=utf-8"});
  }

  // Under the lock.
  void settle(const Status& result) {
    const bool now_ready = result.has_value();
    if (!checked_at || now_ready != is_ready) {
      if (now_ready)
        log::info("ready");
      else
        log::warn("not ready", {{"code", to_string(result.error().code)}, {"detail", result.error().detail}});
    }
    is_ready = now_ready;
    checked_at = std::chrono::steady_clock::now();
    for (const auto& responder : std::exchange(awaiting_check, {}))
      responder.send_constant(is_ready ? ok_answer : not_ready_answer);
  }

  const ProbeOptions options;
  const std::function<Status()> ready;
  const Metrics& metrics;
  const http::Response ok_answer = status_ok();
  const http::Response not_ready_answer = http::problem_with_retry(
      503, "not_ready", "something this service needs is away", std::chrono::seconds{1});
  const http::Response busy_answer =
      http::problem_with_retry(503, "overloaded", "too many scrapes at once", std::chrono::seconds{1});

  std::mutex mutex;
  std::condition_variable wanted;
  bool stopping = false;
  std::vector<http::Responder> awaiting_check;
  std::vector<http::Responder> awaiting_metrics;
  bool is_ready = false;
  std::optional<std::chrono::steady_clock::time_point> checked_at;
  std::thread thread;  // last: it uses all of the above
};

Probes::Probes(ProbeOptions options, std::function<Status()> ready, const Metrics& metrics)
    : impl_(std::make_unique<Impl>(options, std::move(ready), metrics)) {}

Probes::~Probes() = default;

std::vector<http::Route> Probes::routes() {
  auto& impl = *impl_;
  std::vector<http::Route> routes;
  routes.push_back({.method = "GET",
                    .pattern = "/healthz",
                    .name = "healthz",
                    .handler = [&impl](http::Request&&, const http::Responder& responder) {
                      responder.send_constant(impl.ok_answer);
                    }});
  routes.push_back({.method = "GET",
                    .pattern = "/readyz",
                    .name = "readyz",
                    .handler = [&impl](http::Request&&, const http::Responder& responder) {
                      impl.answer_ready(responder);
                    }});
  if (impl.options.serve_metrics)
    routes.push_back({.method = "GET",
                      .pattern = "/metrics",
                      .name = "metrics",
                      .handler = [&impl](http::Request&&, const http::Responder& responder) {
                        impl.answer_metrics(responder);
                      }});
  return routes;
}

}  // namespace penstock
