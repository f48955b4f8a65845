#include "common/http/server/event_loop.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstring>

#include "common/core/check.h"
#include "common/crypto/crypto.h"
#include "common/http/server/response.h"
#include "common/observe/log.h"

namespace penstock::http {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

constexpr int kListenBacklog = 1024;
constexpr Milliseconds kAcceptPause{100};

std::uint64_t random_number() {
  std::uint64_t number = 0;
  std::memcpy(&number, crypto::random_bytes(sizeof number).data(), sizeof number);
  return number;
}

// Often enough for the shortest deadline to be kept within a quarter.
Milliseconds watch_interval(const Shared& shared) {
  const auto& options = shared.options;
  auto shortest = std::min({options.header_deadline, options.body_deadline, options.idle_deadline,
                            options.write_deadline, options.linger_deadline});
  for (const auto& route : shared.router.routes()) shortest = std::min(shortest, route.answer_deadline);
  return std::clamp(shortest / 4, Milliseconds{5}, Milliseconds{250});
}

Error bind_error(const tcp::endpoint& at, const error_code& ec) {
  const std::string address = at.address().to_string() + " port " + std::to_string(at.port());
  return {ErrorCode::unavailable, "cannot listen on " + address + ": " + ec.message()};
}

}  // namespace

EventLoop::EventLoop(Shared& shared)
    : shared_(shared),
      work_(net::make_work_guard(context_)),
      acceptor_(context_),
      watch_timer_(context_),
      accept_timer_(context_),
      nonce_(random_number()),
      watch_interval_(watch_interval(shared)),
      mailbox_(std::make_shared<Mailbox>([this](const Answer& answer) { deliver(answer); },
                                         [this] { net::post(context_, [this] { mailbox_->drain(); }); })) {}

EventLoop::~EventLoop() { CHECK(open_sessions_ == 0); }

void EventLoop::deliver(const Answer& answer) {
  const auto session = sessions_[answer.slot];
  if (!session) return;
  const auto* constant = std::get_if<const Response*>(&answer.content);
  session->answer(answer.exchange, constant != nullptr ? **constant : std::get<Response>(answer.content));
}

Result<tcp::endpoint> EventLoop::listen(const tcp::endpoint& at, bool share_port) {
  error_code ec;
  acceptor_.open(at.protocol(), ec);
  if (!ec) acceptor_.set_option(Acceptor::reuse_address(true), ec);
  const int on = 1;
  if (!ec && share_port) ::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (!ec) acceptor_.bind(at, ec);
  if (!ec) acceptor_.listen(kListenBacklog, ec);
  if (!ec) acceptor_.non_blocking(true, ec);
  if (ec) return bind_error(at, ec);
  return acceptor_.local_endpoint(ec);
}

void EventLoop::run() {
  mailbox_->open();
  accept();
  context_.run();
  mailbox_->close();
}

void EventLoop::drain(SteadyTime by) {
  net::post(context_, [this, by] { begin_drain(by); });
}

void EventLoop::accept() {
  acceptor_.async_accept(context_,
                         [this](const error_code& ec, Socket socket) { on_accept(ec, std::move(socket)); });
}

void EventLoop::on_accept(const error_code& ec, Socket socket) {
  if (draining_) return;
  if (ec) return pause_accepting(ec);
  if (!std::exchange(accepting_, true)) log::info("accepting connections again");
  admit(std::move(socket));
  accept();
}

// Out of descriptors or memory: connections wait in the backlog meanwhile.
void EventLoop::pause_accepting(const error_code& ec) {
  if (std::exchange(accepting_, false)) log::warn("cannot accept connections", {{"reason", ec.message()}});
  accept_timer_.expires_after(kAcceptPause);
  accept_timer_.async_wait([this](const error_code& cancelled) {
    if (!cancelled && !draining_) accept();
  });
}

void EventLoop::admit(Socket socket) {
  error_code ec;
  const auto remote = socket.remote_endpoint(ec);
  if (ec) return;  // gone already
  const auto entered = shared_.admission.enter(admission_key(remote.address()));
  if (const auto* refusal = std::get_if<Refusal>(&entered)) return turn_away(std::move(socket), *refusal);
  shared_.metrics.connection_opened();
  ++open_sessions_;
  const auto slot = free_slot();
  const boost::intrusive_ptr session(new Session(*this, std::move(socket), slot,
                                                 peer_address(remote.address()).to_string(),
                                                 *std::get<Admission::Peer*>(entered)));
  sessions_[slot] = session;
  session->start();
  watch_deadlines();
}

void EventLoop::turn_away(Socket socket, Refusal refusal) {
  shared_.metrics.refused(refusal);
  std::string out;
  append_response(out, refusal_response(refusal), {false, true, request_id(next_exchange()), date()});
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(net::buffer(out), ignored);
  socket.shutdown(Socket::shutdown_both, ignored);
}

std::uint32_t EventLoop::free_slot() {
  if (free_slots_.empty()) {
    sessions_.emplace_back();
    return static_cast<std::uint32_t>(sessions_.size() - 1);
  }
  const auto slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

void EventLoop::remove(std::uint32_t slot) {
  const auto session = std::move(sessions_[slot]);
  sessions_[slot].reset();
  free_slots_.push_back(slot);
  shared_.admission.leave(session->peer());
  shared_.metrics.connection_closed();
  --open_sessions_;
  finish_if_drained();
}

void EventLoop::watch_deadlines() {
  if (watching_ || open_sessions_ == 0) return;
  watching_ = true;
  watch_timer_.expires_after(watch_interval_);
  watch_timer_.async_wait([this](const error_code&) {
    watching_ = false;
    check_deadlines();
    watch_deadlines();
  });
}

void EventLoop::check_deadlines() {
  const auto now = std::chrono::steady_clock::now();
  const bool out_of_time = draining_ && now >= drain_by_;
  for (std::size_t slot = 0; slot < sessions_.size(); ++slot) {
    const auto session = sessions_[slot];
    if (!session) continue;
    out_of_time ? session->close() : session->check_deadline(now);
  }
}

void EventLoop::begin_drain(SteadyTime by) {
  if (std::exchange(draining_, true)) return;
  drain_by_ = by;
  accept_backlog();
  error_code ignored;
  acceptor_.close(ignored);
  accept_timer_.cancel();
  for (std::size_t slot = 0; slot < sessions_.size(); ++slot)
    if (const auto session = sessions_[slot]) session->drain();
  check_deadlines();
  finish_if_drained();
}

// Whoever has connected by now may have sent a request already. No more than the backlog held: others may come
// as fast as these are taken.
void EventLoop::accept_backlog() {
  for (int taken = 0; taken <= kListenBacklog; ++taken) {
    error_code ec;
    Socket socket(context_);
    acceptor_.accept(socket, ec);
    if (ec) return;
    admit(std::move(socket));
  }
}

void EventLoop::finish_if_drained() {
  if (!draining_ || open_sessions_ > 0) return;
  work_.reset();
  watch_timer_.cancel();
}

std::string_view EventLoop::date() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (now != date_at_) {
    date_at_ = now;
    date_ = imf_fixdate(now);
  }
  return date_;
}

}  // namespace penstock::http
