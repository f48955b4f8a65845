#include "common/http/server/server.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <thread>

#include "common/http/server/event_loop.h"
#include "common/http/server/response.h"

namespace penstock::http {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kHeaderBytesMin = 256;
constexpr std::size_t kHeaderBytesMax = 60 * 1024;

ServerOptions sane(ServerOptions options) {
  options.threads = std::max<std::size_t>(options.threads, 1);
  options.header_bytes_max = std::clamp(options.header_bytes_max, kHeaderBytesMin, kHeaderBytesMax);
  return options;
}

std::string to_text(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  const auto port = std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

std::optional<std::string_view> find_named(const NamedTexts& pairs, std::string_view name) noexcept {
  for (const auto& [key, value] : pairs)
    if (key == name) return value;
  return std::nullopt;
}

}  // namespace

std::string_view Request::parameter(std::string_view name) const noexcept {
  return find_named(path_parameters, name).value_or(std::string_view{});
}

std::optional<std::string_view> Request::query(std::string_view name) const noexcept {
  return find_named(query_parameters, name);
}

struct HttpServer::Impl {
  Impl(ServerOptions options, std::vector<Route> routes, Metrics& metrics)
      : shared(std::move(options), std::move(routes), metrics) {}

  Shared shared;
  std::vector<std::unique_ptr<EventLoop>> loops;
  std::vector<std::thread> threads;
  std::string bound_address;
};

HttpServer::HttpServer(ServerOptions options, std::vector<Route> routes, Metrics& metrics)
    : impl_(std::make_unique<Impl>(sane(std::move(options)), std::move(routes), metrics)) {}

HttpServer::~HttpServer() { stop(Milliseconds{0}); }

Status HttpServer::start() {
  auto& [shared, loops, threads, bound_address] = *impl_;
  error_code ec;
  const auto address = boost::asio::ip::make_address(shared.options.host, ec);
  if (ec) return Error{ErrorCode::invalid, "no IP address: " + shared.options.host};
  tcp::endpoint at(address, shared.options.port);
  const bool share_port = shared.options.threads > 1;
  // A shared port would also be shared with a second process started by mistake: only a free one is taken.
  if (share_port && at.port() != 0) {
    TRY_STATUS(EventLoop(shared).listen(at, false));
  }
  for (std::size_t i = 0; i < shared.options.threads; ++i) {
    loops.push_back(std::make_unique<EventLoop>(shared));
    auto bound = loops.back()->listen(at, share_port);
    if (!bound) {
      loops.clear();
      return bound.error();
    }
    at = bound.value();
  }
  bound_address = to_text(at);
  for (auto& loop : loops) threads.emplace_back([&loop = *loop] { loop.run(); });
  return ok();
}

const std::string& HttpServer::bound_address() const noexcept { return impl_->bound_address; }

void HttpServer::stop(Milliseconds deadline) {
  const auto by = std::chrono::steady_clock::now() + deadline;
  for (auto& loop : impl_->loops) loop->drain(by);
  for (auto& thread : impl_->threads) thread.join();
  impl_->threads.clear();
  impl_->loops.clear();
}

}  // namespace penstock::http
