// One request on its way: what it may take, what of the answer is kept, and how it ends.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/adapters/curl/deadlines.h"
#include "common/adapters/curl/handles.h"
#include "common/adapters/curl/options.h"
#include "common/net/outgoing_url.h"
#include "common/ports/http_sender.h"

namespace penstock::curl {

enum class Phase : std::uint8_t { resolving, connecting, waiting, receiving };

// Made by the thread that sends, then for the loop's thread alone.
class Transfer {
 public:
  Transfer(OutgoingRequest request, OutgoingUrl url, SendDone done);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  const OutgoingUrl& url() const noexcept { return url_; }
  std::size_t bytes() const noexcept { return bytes_; }

  // From here its phase's deadline runs, and never longer than the whole one.
  void enter(Phase phase, Deadlines& deadlines);

  // Makes the handle, which connects to one of these addresses and looks up no name; none for a URL whose host is an
  // address. The options and deadlines must outlive it. Error: internal.
  Status prepare(const IpAddresses& addresses, const CurlSenderOptions& options, Deadlines& deadlines);
  CURL* handle() const noexcept { return easy_.get(); }
  static Transfer& of(CURL* handle);

  // Why there will be no answer, whatever libcurl says. The first reason holds.
  void fail(SendError error, std::string detail);
  void fail_overdue();

  // Calls `done`, once. `code` is how libcurl ended, if it began.
  void finish(CURLcode code = CURLE_OK);

 private:
  using SteadyClock = std::chrono::steady_clock;

  bool set_up(const CurlSenderOptions& options);
  bool set_up_connection(const CurlSenderOptions& options);
  bool set_up_request(const CurlSenderOptions& options);
  bool set_up_callbacks();
  void add_headers();
  template <class Value>
  bool set(CURLoption option, Value value) const;

  // What libcurl calls. Each is a trampoline of its kind; none throws, all run inside of curl_multi_perform().
  static curl_socket_t on_open_socket(void* transfer, curlsocktype purpose, curl_sockaddr* to) noexcept;
  static int on_resolve(void* state, void* reserved, void* transfer) noexcept;
  static int on_connected(void* transfer, char* address, char* local, int port, int local_port) noexcept;
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* transfer) noexcept;
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* transfer) noexcept;

  bool may_connect(const std::optional<IpAddress>& address, std::uint16_t port);
  bool take_header_line(std::string_view line);
  bool take_field(std::string_view line);
  bool take_body(std::string_view bytes);

  std::string host() const;
  void judge(CURLcode code);
  std::string explain(CURLcode code) const;
  void note_progress();
  std::optional<SendProgress::Moment> moment(CURLINFO info) const;
  SendProgress::Moment since_accepted(SteadyTime at) const;
  int status() const;

  const OutgoingRequest request_;
  const OutgoingUrl url_;
  const std::size_t bytes_;
  const SendDone done_;
  const SteadyTime accepted_at_ = SteadyClock::now();
  SteadyTime started_at_{};
  Phase phase_ = Phase::resolving;

  Easy easy_;
  List headers_;
  List addresses_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  const AddressPolicy* policy_ = nullptr;
  Deadlines* deadlines_ = nullptr;

  OutgoingAnswer answer_;
  std::size_t head_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  bool in_head_ = false;
  int socket_error_ = 0;
  std::optional<std::pair<SendError, std::string>> failure_;
};

}  // namespace penstock::curl
