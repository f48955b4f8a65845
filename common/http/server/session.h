// One connection: reads a request, hands it to its route, writes the answer, in that order and one at a time.
// Lives on one event loop's thread.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "common/http/server/admission.h"
#include "common/http/server/router.h"
#include "common/http/server/server.h"

namespace penstock::http {

class EventLoop;

using SteadyTime = std::chrono::steady_clock::time_point;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

class Session : public boost::intrusive_ref_counter<Session, boost::thread_unsafe_counter> {
 public:
  Session(EventLoop& loop, Socket socket, std::uint32_t slot, std::string remote_address,
          Admission::Peer& peer);

  void start();
  // Answers the exchange of that number, if it is still open.
  void answer(std::uint64_t exchange, const Response& response);
  // Brings its deadline forward, if it is still open.
  void check_deadline(SteadyTime now);
  // No request after this one; closes at once when there is none.
  void drain();
  void close();  // may be the end of this object

  Admission::Peer& peer() const noexcept { return peer_; }

 private:
  enum class State {
    idle,  // nothing of the next request has come
    reading_head,
    reading_body,
    handling,  // its route has it
    writing,
    lingering,  // all is said; the peer is given time to take it
    closed,
  };

  void enter(State state, Milliseconds deadline);
  void read_some(char* into, std::size_t bytes);
  void on_read(const boost::system::error_code& ec, std::size_t bytes);
  void read_head();
  void take_head_bytes(std::size_t bytes);
  void parse();
  void on_head(RequestHead head);
  void on_match(Router::Match match);
  std::optional<Refusal> judge_body(const Route& route) const noexcept;
  void begin_body();
  void say_continue();
  void read_body();
  std::optional<Refusal> grow_body();
  std::optional<Refusal> reserve_body(std::size_t bytes);
  void dispatch();
  void leave_body_unread() noexcept;
  void refuse(Refusal refusal);
  void refuse_with(Refusal refusal, const Response& response);
  void write(const Response& response);
  void on_written(const boost::system::error_code& ec);
  void next_request();
  void linger();
  void release_body();
  std::string_view received() const noexcept { return {buffer_.get() + begin_, end_ - begin_}; }

  EventLoop& loop_;
  Socket socket_;
  const std::uint32_t slot_;
  const std::string remote_address_;
  Admission::Peer& peer_;

  State state_ = State::idle;
  SteadyTime deadline_;
  bool read_pending_ = false;
  bool keep_alive_ = true;
  bool draining_ = false;

  std::unique_ptr<char[]> buffer_;  // header_bytes_max
  std::size_t begin_ = 0;           // what is received and not consumed
  std::size_t end_ = 0;

  Request request_;
  std::size_t route_ = 0;
  bool routed_ = false;
  bool head_only_ = false;
  std::uint64_t exchange_ = 0;
  std::size_t body_bytes_ = 0;     // received of the body
  std::size_t body_reserved_ = 0;  // taken out of the budget for bodies
  std::size_t lingered_bytes_ = 0;
  std::string out_;
};

}  // namespace penstock::http
