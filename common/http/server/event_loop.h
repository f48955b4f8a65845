// One thread of a server: its listening socket, its connections, and the one timer
// that watches all their deadlines.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/http/server/admission.h"
#include "common/http/server/mailbox.h"
#include "common/http/server/router.h"
#include "common/http/server/server_metrics.h"
#include "common/http/server/session.h"

namespace penstock::http {

// What the loops of one server share. Outlives them.
struct Shared {
  Shared(ServerOptions server_options, std::vector<Route> routes, Metrics& registry)
      : options(std::move(server_options)),
        router(std::move(routes)),
        metrics(registry, options.metrics_prefix, router.routes()),
        admission({.connections_max = options.connections_max,
                   .connections_per_address_max = options.connections_per_address_max,
                   .body_bytes_max = options.body_bytes_total_max,
                   .body_bytes_per_address_max = options.body_bytes_per_address_max}) {}

  const ServerOptions options;
  const Router router;
  ServerMetrics metrics;
  Admission admission;
};

class EventLoop {
 public:
  explicit EventLoop(Shared& shared);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  using Acceptor =
      boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  // Before run().
  Result<boost::asio::ip::tcp::endpoint> listen(const boost::asio::ip::tcp::endpoint& at, bool share_port);

  // Serves on the calling thread until drained.
  void run();
  // From any thread: stop accepting, finish what is in flight, close the rest by then.
  void drain(SteadyTime by);

  // The rest is for this loop's sessions.
  Shared& shared() noexcept { return shared_; }
  Responder responder(std::uint32_t slot, std::uint64_t exchange) { return {mailbox_, slot, exchange}; }
  std::uint64_t next_exchange() noexcept { return ++last_exchange_; }
  RequestId request_id(std::uint64_t exchange) const noexcept { return {nonce_, exchange}; }
  std::string_view date();
  void remove(std::uint32_t slot);

 private:
  void deliver(const Answer& answer);
  void accept();
  void on_accept(const boost::system::error_code& ec, Socket socket);
  void accept_backlog();
  void admit(Socket socket);
  void turn_away(Socket socket, Refusal refusal);
  void pause_accepting(const boost::system::error_code& ec);
  std::uint32_t free_slot();
  void watch_deadlines();
  void check_deadlines();
  void begin_drain(SteadyTime by);
  void finish_if_drained();

  Shared& shared_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  Acceptor acceptor_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>,
                                    boost::asio::io_context::executor_type>
      watch_timer_, accept_timer_;
  const std::uint64_t nonce_;
  const Milliseconds watch_interval_;
  std::vector<boost::intrusive_ptr<Session>> sessions_;  // by slot
  std::vector<std::uint32_t> free_slots_;
  std::size_t open_sessions_ = 0;
  bool watching_ = false;
  bool accepting_ = true;
  bool draining_ = false;
  SteadyTime drain_by_;
  std::uint64_t last_exchange_ = 0;
  std::chrono::sys_seconds date_at_{};
  std::string date_;
  std::shared_ptr<Mailbox> mailbox_;
};

}  // namespace penstock::http
