#include "common/http/probes/probes.h"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace penstock {
namespace {

constexpr std::size_t kScrapesMax = 16;
constexpr std::size_t kProbesMax = 1024;
constexpr std::chrono::seconds kRetryAfter{1};

// Makes an answer on a thread of its own, one for all who wait for it at that moment.
class SharedAnswer {
 public:
  SharedAnswer(std::size_t waiting_max, std::function<http::Response()> make)
      : waiting_max_(waiting_max),
        make_(std::move(make)),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void give(const http::Responder& responder) {
    const std::scoped_lock lock(mutex_);
    if (waiting_.size() >= waiting_max_) return responder.send_constant(busy_);
    waiting_.push_back(responder);
    wanted_.notify_one();
  }

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (wanted_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
      const auto responders = std::exchange(waiting_, {});
      lock.unlock();
      const http::Response answer = make_();
      for (const auto& responder : responders) responder.send(answer);
      lock.lock();
    }
  }

  const std::size_t waiting_max_;
  const std::function<http::Response()> make_;
  const http::Response busy_ =
      http::problem_with_retry(503, "overloaded", "too many requests of this kind at once", kRetryAfter);
  std::mutex mutex_;
  std::condition_variable_any wanted_;
  std::vector<http::Responder> waiting_;
  std::jthread thread_;  // last: it uses all of the above
};

http::Response status_ok() { return {.status = 200, .body = R"({"status":"ok"})"}; }

http::Response readiness_answer(Readiness& readiness, bool name_causes) {
  const auto away = readiness.look();
  if (away.empty()) return status_ok();
  return http::problem_with_retry(
      503, "not_ready", name_causes ? causes_of(away) : "not ready: " + parts_of(away), kRetryAfter);
}

http::Response metrics_answer(const Metrics& metrics) {
  return {.body = metrics.exposition(), .content_type = "text/plain; version=0.0.4; charset=utf-8"};
}

http::Route get(const char* path, std::string_view name, http::Handler handler) {
  return {.method = "GET", .pattern = path, .name = name, .handler = std::move(handler)};
}

}  // namespace

struct Probes::Impl {
  Impl(ProbeOptions options, Readiness& readiness, const Metrics& metrics)
      : ready(kProbesMax,
              [&readiness, options] { return readiness_answer(readiness, options.name_causes); }) {
    if (options.serve_metrics) scrapes.emplace(kScrapesMax, [&metrics] { return metrics_answer(metrics); });
  }

  const http::Response healthy = status_ok();
  SharedAnswer ready;
  std::optional<SharedAnswer> scrapes;
};

Probes::Probes(ProbeOptions options, Readiness& readiness, const Metrics& metrics)
    : impl_(std::make_unique<Impl>(options, readiness, metrics)) {}

Probes::~Probes() = default;

std::vector<http::Route> Probes::routes() {
  auto& impl = *impl_;
  std::vector<http::Route> routes;
  routes.push_back(get("/healthz", "healthz", [&impl](http::Request&&, const http::Responder& responder) {
    responder.send_constant(impl.healthy);
  }));
  routes.push_back(get("/readyz", "readyz", [&impl](http::Request&&, const http::Responder& responder) {
    impl.ready.give(responder);
  }));
  if (impl.scrapes)
    routes.push_back(get("/metrics", "metrics", [&impl](http::Request&&, const http::Responder& responder) {
      impl.scrapes->give(responder);
    }));
  return routes;
}

}  // namespace penstock
