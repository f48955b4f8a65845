#include "common/adapters/curl/transfer.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <type_traits>
#include <utility>

#include "common/adapters/curl/request_rules.h"

namespace penstock::curl {
namespace {

constexpr long kBufferBytes = 16 * 1024;
constexpr long kHappyEyeballsMs = 200;
constexpr long kCaFileKeptSeconds = 3600;
constexpr std::size_t kFieldsMax = 100;

struct PhaseRow {
  Milliseconds SendDeadlines::*deadline;
  SendError error;
  std::string_view doing;
};
constexpr std::array<PhaseRow, 4> kPhases{{
    {&SendDeadlines::resolve, SendError::resolve_timeout, "looking up "},
    {&SendDeadlines::connect, SendError::connect_timeout, "connecting to "},
    {&SendDeadlines::first_byte, SendError::timeout, "waiting for an answer of "},
    {&SendDeadlines::whole, SendError::timeout, "receiving the answer of "},
}};
const PhaseRow& row_of(Phase phase) { return kPhases[static_cast<std::size_t>(phase)]; }

std::optional<IpAddress> address_of(const curl_sockaddr& to, std::uint16_t& port) noexcept {
  if (to.family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &to.addr, sizeof v4);
    port = ntohs(v4.sin_port);
    IpAddress::V4Bytes bytes{};
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return IpAddress(bytes);
  }
  if (to.family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &to.addr, std::min<std::size_t>(to.addrlen, sizeof v6));
  port = ntohs(v6.sin6_port);
  IpAddress::V6Bytes bytes{};
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return IpAddress(bytes);
}

bool is_exhausted(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

std::string system_text(int error) {
  const char* text = ::strerrordesc_np(error);
  return text != nullptr ? text : "error " + std::to_string(error);
}

std::string_view trim(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// What libcurl says may quote the peer.
std::string printable(std::string_view text) {
  std::string clean(text);
  std::replace_if(
      clean.begin(), clean.end(), [](char c) { return c < ' ' || c >= 0x7f; }, '?');
  return clean;
}

}  // namespace

Transfer::Transfer(OutgoingRequest request, OutgoingUrl url, SendDone done)
    : request_(std::move(request)),
      url_(std::move(url)),
      bytes_(bytes_of(request_)),
      done_(std::move(done)) {}

Transfer& Transfer::of(CURL* handle) {
  void* transfer = nullptr;
  curl_easy_getinfo(handle, CURLINFO_PRIVATE, &transfer);
  return *static_cast<Transfer*>(transfer);
}

void Transfer::enter(Phase phase, Deadlines& deadlines) {
  phase_ = phase;
  const auto until = SteadyClock::now() + request_.deadlines.*row_of(phase).deadline;
  deadlines.set(this, std::min(until, accepted_at_ + request_.deadlines.whole));
}

Status Transfer::prepare(const IpAddresses& addresses, const CurlSenderOptions& options,
                         Deadlines& deadlines) {
  answer_.progress.resolved = since_accepted(SteadyClock::now());
  policy_ = &options.policy;
  deadlines_ = &deadlines;
  easy_.reset(curl_easy_init());
  if (!url_.literal) {
    std::string entry = "+" + url_.host + ":" + std::to_string(url_.port);
    for (const auto& address : addresses)
      entry += (address == addresses.front() ? ":[" : ",[") + to_string(address) + "]";
    addresses_.add(entry);
  }
  if (!easy_ || !set_up(options)) return Error{ErrorCode::internal, "libcurl does not take an option"};
  started_at_ = SteadyClock::now();
  return ok();
}

template <class Value>
bool Transfer::set(CURLoption option, Value value) const {
  static_assert(std::is_pointer_v<Value> || std::is_same_v<Value, long>, "what libcurl reads");
  return curl_easy_setopt(easy_.get(), option, value) == CURLE_OK;
}

bool Transfer::set_up(const CurlSenderOptions& options) {
  return set_up_connection(options) && set_up_request(options) && set_up_callbacks();
}

bool Transfer::set_up_connection(const CurlSenderOptions& options) {
  using std::chrono::ceil;
  using std::chrono::seconds;
  return set(CURLOPT_NOSIGNAL, 1L) && set(CURLOPT_ERRORBUFFER, error_text_.data()) &&
         set(CURLOPT_PROTOCOLS_STR, url_.encrypted ? "https" : "http") &&
         set(CURLOPT_PROXY, "") &&  // else the environment's
         set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED)) && set(CURLOPT_FOLLOWLOCATION, 0L) &&
         set(CURLOPT_BUFFERSIZE, kBufferBytes) && set(CURLOPT_UPLOAD_BUFFERSIZE, kBufferBytes) &&
         set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.deadlines.connect.count())) &&
         set(CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, kHappyEyeballsMs) &&
         set(CURLOPT_MAXAGE_CONN, static_cast<long>(ceil<seconds>(options.connections_kept_for).count())) &&
         set(CURLOPT_MAXLIFETIME_CONN,
             static_cast<long>(ceil<seconds>(options.connection_lifetime).count())) &&
         set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)) &&
         set(CURLOPT_SSL_VERIFYPEER, 1L) && set(CURLOPT_SSL_VERIFYHOST, 2L) &&
         set(CURLOPT_SSL_SESSIONID_CACHE, 0L) && set(CURLOPT_CAINFO, options.ca_file.c_str()) &&
         // Without a folder of them libcurl keeps the parsed certificates, which takes it milliseconds a connection.
         set(CURLOPT_CAPATH, static_cast<const char*>(nullptr)) &&
         set(CURLOPT_CA_CACHE_TIMEOUT, kCaFileKeptSeconds);
}

bool Transfer::set_up_request(const CurlSenderOptions& options) {
  add_headers();
  const bool common = set(CURLOPT_URL, to_string(url_).c_str()) && set(CURLOPT_PATH_AS_IS, 1L) &&
                      set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS)) &&
                      set(CURLOPT_HTTP09_ALLOWED, 0L) && set(CURLOPT_USERAGENT, options.user_agent.c_str()) &&
                      set(CURLOPT_HTTPHEADER, headers_.get()) && set(CURLOPT_RESOLVE, addresses_.get());
  if (request_.method == OutgoingMethod::get) return common && set(CURLOPT_HTTPGET, 1L);
  return common && set(CURLOPT_POST, 1L) && set(CURLOPT_POSTFIELDS, request_.body.data()) &&
         set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
}

bool Transfer::set_up_callbacks() {
  return set(CURLOPT_PRIVATE, static_cast<void*>(this)) && set(CURLOPT_OPENSOCKETFUNCTION, on_open_socket) &&
         set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this)) && set(CURLOPT_PREREQFUNCTION, on_connected) &&
         set(CURLOPT_PREREQDATA, static_cast<void*>(this)) && set(CURLOPT_HEADERFUNCTION, on_header) &&
         set(CURLOPT_HEADERDATA, static_cast<void*>(this)) && set(CURLOPT_WRITEFUNCTION, on_body) &&
         set(CURLOPT_WRITEDATA, static_cast<void*>(this)) &&
         (url_.literal.has_value() || set(CURLOPT_RESOLVER_START_FUNCTION, on_resolve));
}

void Transfer::add_headers() {
  // What libcurl would add by itself is taken back by an empty field of that name.
  for (const std::string name : {"Expect", "Accept", "Content-Type"}) {
    const auto same = [&](const auto& field) { return lower_case(field.first) == lower_case(name); };
    if (std::none_of(request_.headers.begin(), request_.headers.end(), same)) headers_.add(name + ":");
  }
  for (const auto& [name, value] : request_.headers)
    headers_.add(value.empty() ? name + ";" : name + ": " + value);
}

// The check of the address that holds: this very one is connected to.
curl_socket_t Transfer::on_open_socket(void* transfer, curlsocktype, curl_sockaddr* to) noexcept {
  auto& self = *static_cast<Transfer*>(transfer);
  std::uint16_t port = 0;
  const auto address = address_of(*to, port);
  if (!self.may_connect(address, port)) return CURL_SOCKET_BAD;
  const int fd = ::socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
  if (fd < 0) self.socket_error_ = errno;
  return fd < 0 ? CURL_SOCKET_BAD : fd;
}

// A look-up of libcurl's own would bring addresses that were not judged together.
int Transfer::on_resolve(void*, void*, void*) noexcept { return 1; }

// Before each request, on a kept connection too.
int Transfer::on_connected(void* transfer, char* address, char*, int port, int) noexcept {
  auto& self = *static_cast<Transfer*>(transfer);
  if (!self.may_connect(parse_ip_address(address), static_cast<std::uint16_t>(port)))
    return CURL_PREREQFUNC_ABORT;
  self.enter(Phase::waiting, *self.deadlines_);
  return CURL_PREREQFUNC_OK;
}

bool Transfer::may_connect(const std::optional<IpAddress>& address, std::uint16_t port) {
  if (failure_) return false;
  if (!address) {
    fail(SendError::address_refused, "neither an IPv4 nor an IPv6 address");
    return false;
  }
  answer_.progress.address = to_string(*address, port);
  const auto refusal = policy_->refusal({*address, port, url_.encrypted});
  if (refusal) fail(SendError::address_refused, *refusal);
  return !refusal;
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* transfer) noexcept {
  auto& self = *static_cast<Transfer*>(transfer);
  return self.take_header_line({data, size * count}) ? size * count : 0;
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* transfer) noexcept {
  auto& self = *static_cast<Transfer*>(transfer);
  return self.take_body({data, size * count}) ? size * count : 0;
}

// Lines of interim answers come too, then those of the final one, then trailers.
bool Transfer::take_header_line(std::string_view line) {
  if (phase_ == Phase::waiting) enter(Phase::receiving, *deadlines_);
  head_bytes_ += line.size();
  if (head_bytes_ > request_.limits.head_bytes_max) {
    fail(SendError::answer_too_large,
         "the answer's head is larger than " + std::to_string(request_.limits.head_bytes_max) + " bytes");
    return false;
  }
  if (!in_head_) {
    in_head_ = line.starts_with("HTTP/") && body_bytes_ == 0;
    if (in_head_) answer_.headers.clear();
    return true;
  }
  in_head_ = !trim(line).empty();
  return !in_head_ || take_field(line);
}

bool Transfer::take_field(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return true;
  std::string name = lower_case(line.substr(0, colon));
  const auto value = trim(line.substr(colon + 1));
  // libcurl would expand a body that comes so, although it was not asked for.
  if (name == "transfer-encoding" && lower_case(value) != "chunked") {
    fail(SendError::bad_answer, "the answer has a Transfer-Encoding other than chunked");
    return false;
  }
  if (answer_.headers.size() == kFieldsMax) {
    fail(SendError::answer_too_large, "the answer has more than 100 header fields");
    return false;
  }
  answer_.headers.emplace_back(std::move(name), value);
  return true;
}

bool Transfer::take_body(std::string_view bytes) {
  body_bytes_ += bytes.size();
  if (body_bytes_ > request_.limits.body_bytes_max) {
    fail(SendError::answer_too_large,
         "the answer's body is larger than " + std::to_string(request_.limits.body_bytes_max) + " bytes");
    return false;
  }
  const auto room =
      request_.limits.body_bytes_kept - std::min(request_.limits.body_bytes_kept, answer_.body.size());
  answer_.body.append(bytes.substr(0, room));
  answer_.body_cut = answer_.body_cut || bytes.size() > room;
  return true;
}

void Transfer::fail(SendError error, std::string detail) {
  if (!failure_) failure_.emplace(error, host() + ": " + std::move(detail));
}

void Transfer::fail_overdue() {
  const auto spent = std::chrono::floor<Milliseconds>(SteadyClock::now() - accepted_at_);
  fail(row_of(phase_).error,
       "still " + std::string(row_of(phase_).doing) + "it after " + std::to_string(spent.count()) + " ms");
}

void Transfer::judge(CURLcode code) {
  if (code == CURLE_OK) {
    // libcurl takes a head that is cut off for a whole one.
    if (in_head_) return fail(SendError::reset, "broken off within the answer's head");
    if (status() < 200) fail(SendError::bad_answer, "an answer without a final status");
    return;
  }
  if (code == CURLE_COULDNT_CONNECT && is_exhausted(socket_error_))
    return fail(SendError::overloaded, "no socket: " + system_text(socket_error_));
  if (code == CURLE_OPERATION_TIMEDOUT) return fail(row_of(phase_).error, explain(code));
  // A header line beyond what libcurl holds.
  if (code == CURLE_OUT_OF_MEMORY && phase_ >= Phase::waiting)
    return fail(SendError::answer_too_large, "a header line of the answer is too long");
  fail(error_of(code), explain(code));
}

std::string Transfer::explain(CURLcode code) const {
  std::string text = error_text_[0] != '\0' ? printable(error_text_.data()) : curl_easy_strerror(code);
  long os_error = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &os_error);
  if (code == CURLE_COULDNT_CONNECT && os_error != 0) text += ": " + system_text(static_cast<int>(os_error));
  return text;
}

std::string Transfer::host() const {
  const bool bracketed = url_.literal && !url_.literal->is_v4();
  return (bracketed ? "[" + url_.host + "]" : url_.host) + ":" + std::to_string(url_.port);
}

int Transfer::status() const {
  long status = 0;
  if (easy_) curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

SendProgress::Moment Transfer::since_accepted(SteadyTime at) const {
  return std::chrono::floor<SendProgress::Moment>(at - accepted_at_);
}

// libcurl counts from when it began, and leaves what was not reached at nought.
std::optional<SendProgress::Moment> Transfer::moment(CURLINFO info) const {
  curl_off_t microseconds = 0;
  curl_easy_getinfo(easy_.get(), info, &microseconds);
  if (microseconds == 0) return std::nullopt;
  return since_accepted(started_at_) + SendProgress::Moment{microseconds};
}

void Transfer::note_progress() {
  auto& progress = answer_.progress;
  progress.whole = since_accepted(SteadyClock::now());
  if (!easy_) return;
  long connections = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &connections);
  progress.connection_reused = phase_ >= Phase::waiting && connections == 0;
  if (!progress.connection_reused) {
    progress.connected = moment(CURLINFO_CONNECT_TIME_T);
    progress.secured = moment(CURLINFO_APPCONNECT_TIME_T);
  }
  if (phase_ == Phase::receiving) progress.first_byte = moment(CURLINFO_STARTTRANSFER_TIME_T);
}

void Transfer::finish(CURLcode code) {
  if (!failure_) judge(code);
  note_progress();
  answer_.status = status() < 200 ? 0 : status();
  if (!failure_) return done_(std::move(answer_));
  done_(
      SendFailure{failure_->first, std::move(failure_->second), answer_.status, std::move(answer_.progress)});
}

}  // namespace penstock::curl
