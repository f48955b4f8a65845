#include "common/http/server/session.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <cstring>

#include "common/http/server/event_loop.h"
#include "common/http/server/response.h"
#include "common/http/server/uri.h"

namespace penstock::http {
namespace {

namespace net = boost::asio;
using boost::system::error_code;

// Memory for a body follows what has come of it, not what was announced.
constexpr std::size_t kBodyFirstBytes = 16 * 1024;
// Thrown away while lingering, so that a peer in the middle of a large body still gets our answer.
constexpr std::size_t kLingerBytesMax = 32 * 1024 * 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

Session::Session(EventLoop& loop, Socket socket, std::uint32_t slot, std::string remote_address,
                 Admission::Peer& peer)
    : loop_(loop),
      socket_(std::move(socket)),
      slot_(slot),
      remote_address_(std::move(remote_address)),
      peer_(peer),
      buffer_(new char[loop.shared().options.header_bytes_max]) {}

void Session::start() {
  error_code ignored;
  socket_.set_option(net::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  next_request();
}

void Session::enter(State state, Milliseconds deadline) {
  state_ = state;
  deadline_ = std::chrono::steady_clock::now() + deadline;
}

void Session::read_some(char* into, std::size_t bytes) {
  read_pending_ = true;
  socket_.async_read_some(net::buffer(into, bytes), [self = boost::intrusive_ptr(this)](
                                                        const error_code& ec, std::size_t received_bytes) {
    self->on_read(ec, received_bytes);
  });
}

void Session::on_read(const error_code& ec, std::size_t bytes) {
  read_pending_ = false;
  switch (state_) {
    case State::idle:
    case State::reading_head:
      return ec ? close() : take_head_bytes(bytes);
    case State::reading_body:
      if (ec) return close();
      body_bytes_ += bytes;
      return read_body();
    case State::lingering:
      lingered_bytes_ += bytes;
      if (ec || lingered_bytes_ > kLingerBytesMax) return close();
      return read_some(buffer_.get(), loop_.shared().options.header_bytes_max);
    case State::handling:
    case State::writing:  // what came after a request that was refused for its slowness
    case State::closed:
      return;
  }
}

void Session::read_head() {
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  const std::size_t capacity = loop_.shared().options.header_bytes_max;
  if (end_ == capacity) return refuse(Refusal::header_too_large);
  read_some(buffer_.get() + end_, capacity - end_);
}

void Session::take_head_bytes(std::size_t bytes) {
  if (state_ == State::idle) enter(State::reading_head, loop_.shared().options.header_deadline);
  const bool line_ended = std::memchr(buffer_.get() + end_, '\n', bytes) != nullptr;
  end_ += bytes;
  line_ended ? parse() : read_head();
}

void Session::parse() {
  auto parsed = parse_head(received());
  if (std::holds_alternative<NeedMore>(parsed)) return read_head();
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return refuse(*refusal);
  on_head(std::get<RequestHead>(std::move(parsed)));
}

void Session::on_head(RequestHead head) {
  begin_ += head.text.size();
  keep_alive_ = head.keep_alive && !draining_;
  head_only_ = head.method() == "HEAD";
  request_ = Request(std::move(head), remote_address_, loop_.request_id(exchange_));
  auto found = loop_.shared().router.find(request_.method(), request_.head.path());
  if (auto* match = std::get_if<Router::Match>(&found)) return on_match(std::move(*match));
  leave_body_unread();
  if (std::holds_alternative<Router::BadEncoding>(found)) return refuse(Refusal::bad_encoding);
  if (std::holds_alternative<Router::NotFound>(found))
    return refuse_with(Refusal::not_found, refusal_response(Refusal::not_found));
  auto response = refusal_response(Refusal::method_not_allowed);
  response.headers.emplace_back("Allow", std::get<Router::MethodNotAllowed>(std::move(found)).allow);
  refuse_with(Refusal::method_not_allowed, response);
}

void Session::on_match(Router::Match match) {
  route_ = match.route;
  routed_ = true;
  request_.path_parameters = std::move(match.parameters);
  auto query = parse_query(request_.head.query());
  if (!query) return refuse(Refusal::bad_encoding);
  request_.query_parameters = std::move(*query);
  const Route& route = loop_.shared().router.routes()[route_];
  if (const auto refusal = judge_body(route)) return refuse(*refusal);
  if (route.authenticate) {
    if (const auto answer = route.authenticate(request_)) {
      leave_body_unread();
      return write(*answer);
    }
  }
  begin_body();
}

// An answer that comes before the body ends the connection: nobody reads that body.
void Session::leave_body_unread() noexcept {
  keep_alive_ = keep_alive_ && request_.head.content_length.value_or(0) == 0;
}

std::optional<Refusal> Session::judge_body(const Route& route) const noexcept {
  const auto& length = request_.head.content_length;
  if (length.value_or(0) > loop_.shared().options.body_bytes_max) return Refusal::body_too_large;
  if (route.media_type.empty()) return std::nullopt;
  if (!length) return Refusal::length_required;
  const auto content_type = request_.header("Content-Type");
  if (!content_type || !is_media_type(*content_type, route.media_type))
    return Refusal::unsupported_media_type;
  return std::nullopt;
}

void Session::begin_body() {
  const std::size_t length = request_.head.content_length.value_or(0);
  body_bytes_ = std::min(length, received().size());
  if (const auto refusal = reserve_body(body_bytes_)) return refuse(*refusal);
  request_.body.assign(received().substr(0, body_bytes_));
  begin_ += body_bytes_;
  if (body_bytes_ == length) return dispatch();
  enter(State::reading_body, loop_.shared().options.body_deadline);
  if (request_.head.expects_continue && body_bytes_ == 0) say_continue();
  read_body();
}

void Session::say_continue() {
  // Whoever does not get it sends the body anyway after a while (RFC 9110 §10.1.1).
  error_code ignored;
  socket_.write_some(net::buffer(kContinue.data(), kContinue.size()), ignored);
}

void Session::read_body() {
  if (body_bytes_ == *request_.head.content_length) return dispatch();
  if (body_bytes_ == request_.body.size())
    if (const auto refusal = grow_body()) return refuse(*refusal);
  read_some(request_.body.data() + body_bytes_, request_.body.size() - body_bytes_);
}

std::optional<Refusal> Session::grow_body() {
  const std::size_t length = *request_.head.content_length;
  const std::size_t grown = std::min(length, std::max(kBodyFirstBytes, body_bytes_ * 2));
  if (const auto refusal = reserve_body(grown - body_reserved_)) return refusal;
  request_.body.resize(grown);
  return std::nullopt;
}

std::optional<Refusal> Session::reserve_body(std::size_t bytes) {
  if (const auto refusal = loop_.shared().admission.take_body_bytes(peer_, bytes)) return refusal;
  body_reserved_ += bytes;
  return std::nullopt;
}

void Session::dispatch() {
  const Route& route = loop_.shared().router.routes()[route_];
  enter(State::handling, route.answer_deadline);
  request_.received_at = deadline_ - route.answer_deadline;
  route.handler(std::move(request_), loop_.responder(slot_, exchange_));
}

void Session::answer(std::uint64_t exchange, const Response& response) {
  if (state_ == State::handling && exchange == exchange_) write(response);
}

void Session::refuse(Refusal refusal) {
  keep_alive_ = false;
  refuse_with(refusal, refusal_response(refusal));
}

void Session::refuse_with(Refusal refusal, const Response& response) {
  loop_.shared().metrics.refused(refusal);
  write(response);
}

void Session::write(const Response& response) {
  if (routed_) loop_.shared().metrics.answered(route_, response.status);
  keep_alive_ = keep_alive_ && !draining_;
  out_.clear();
  append_response(out_, response, {keep_alive_, !head_only_, loop_.request_id(exchange_), loop_.date()});
  enter(State::writing, loop_.shared().options.write_deadline);

  error_code ec;
  const std::size_t written = socket_.write_some(net::buffer(out_), ec);
  if (!ec && written == out_.size() && received().empty()) return on_written(ec);
  // The rest, or the next of several requests that came at once: through the loop,
  // so that others get their turn.
  net::async_write(
      socket_, net::buffer(out_) + written,
      [self = boost::intrusive_ptr(this)](const error_code& end, std::size_t) { self->on_written(end); });
}

void Session::on_written(const error_code& ec) {
  if (state_ != State::writing) return;
  if (ec) return close();
  if (!keep_alive_) return linger();
  next_request();
}

void Session::next_request() {
  release_body();
  exchange_ = loop_.next_exchange();
  routed_ = false;
  head_only_ = false;
  if (begin_ == end_) {
    enter(State::idle, loop_.shared().options.idle_deadline);
    return read_head();
  }
  enter(State::reading_head, loop_.shared().options.header_deadline);
  parse();
}

void Session::linger() {
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  enter(State::lingering, loop_.shared().options.linger_deadline);
  if (read_pending_) return;  // into the body, which must stay until then
  std::string().swap(request_.body);
  release_body();
  read_some(buffer_.get(), loop_.shared().options.header_bytes_max);
}

void Session::check_deadline(SteadyTime now) {
  if (now < deadline_) return;
  switch (state_) {
    case State::reading_head:
      return refuse(Refusal::header_timeout);
    case State::reading_body:
      return refuse(Refusal::body_timeout);
    case State::handling:
      return write(loop_.shared().router.routes()[route_].late_answer);
    case State::idle:
    case State::writing:
    case State::lingering:
      return close();
    case State::closed:
      return;
  }
}

void Session::drain() {
  draining_ = true;
  error_code ignored;
  if (state_ == State::idle && socket_.available(ignored) == 0) close();
}

void Session::release_body() {
  loop_.shared().admission.give_back_body_bytes(peer_, std::exchange(body_reserved_, 0));
}

void Session::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  release_body();
  error_code ignored;
  socket_.close(ignored);
  loop_.remove(slot_);
}

}  // namespace penstock::http
