#include "common/http/server/request_head.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>

#include "common/core/check.h"

namespace penstock::http {
namespace {

namespace beast = boost::beast;
using BeastField = beast::http::field;

constexpr std::size_t kFieldsMax = 100;
constexpr std::uint32_t kReceivedMax = 64 * 1024;
constexpr std::string_view kHostPunctuation = "-._~:[]%!$&'()*+;=";

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

template <class Visit>
void for_each_list_item(std::string_view list, Visit visit) {
  for (;;) {
    const auto comma = list.find(',');
    visit(trimmed(list.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

bool has_folded_line(std::string_view head) noexcept {
  return head.find("\n ") != std::string_view::npos || head.find("\n\t") != std::string_view::npos;
}

bool is_host(std::string_view value) noexcept {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
           kHostPunctuation.find(c) != std::string_view::npos;
  });
}

std::optional<std::uint64_t> parse_length(std::string_view digits) noexcept {
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return length;
}

// Beast's grammar, our rules. It is given header bytes only: bodies are framed by our own Content-Length.
class HeadParser : public beast::http::basic_parser<true> {
 public:
  explicit HeadParser(std::string_view received) : received_(received) {
    head_.fields.reserve(16);
    eager(false);
    header_limit(kReceivedMax);
    body_limit(boost::none);
  }

  std::variant<NeedMore, Refusal, RequestHead> parse() {
    beast::error_code ec;
    const std::size_t bytes = put(boost::asio::buffer(received_.data(), received_.size()), ec);
    if (refusal_) return *refusal_;
    if (ec == beast::http::error::need_more) return NeedMore{};
    if (ec) return refusal_of(ec);
    head_.text.assign(received_.substr(0, bytes));
    judge_head();
    if (refusal_) return *refusal_;
    return std::move(head_);
  }

 private:
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int version,
                       beast::error_code& ec) override {
    head_.method_at = slice_of(method);
    head_.target_at = slice_of(target);
    http_1_1_ = version >= 11;
    if (target.empty() || target.front() != '/' || target.find('#') != beast::string_view::npos)
      refuse(Refusal::target_not_a_path, ec);
  }

  void on_field_impl(BeastField name, beast::string_view name_text, beast::string_view value,
                     beast::error_code& ec) override {
    // A folded field that Beast has joined is no slice of its input any more.
    if (!is_received(value)) return refuse(Refusal::folded_field, ec);
    if (head_.fields.size() == kFieldsMax) return refuse(Refusal::too_many_fields, ec);
    head_.fields.push_back({slice_of(name_text), slice_of(value)});
    if (const auto refusal = judge_field(name, {value.data(), value.size()})) refuse(*refusal, ec);
  }

  std::optional<Refusal> judge_field(BeastField name, std::string_view value) {
    switch (name) {
      case BeastField::host:
        if (std::exchange(has_host_, true)) return Refusal::host_repeated;
        if (!is_host(value)) return Refusal::host_invalid;
        break;
      case BeastField::content_length:
        if (head_.content_length) return Refusal::content_length_repeated;
        head_.content_length = parse_length(value);
        if (!head_.content_length) return Refusal::content_length_invalid;
        break;
      case BeastField::transfer_encoding:
        if (std::exchange(has_transfer_encoding_, true) || !equal_ignoring_case(value, "chunked"))
          return Refusal::transfer_encoding;
        break;
      case BeastField::connection:
        for_each_list_item(value, [this](std::string_view option) {
          says_close_ |= equal_ignoring_case(option, "close");
          says_keep_alive_ |= equal_ignoring_case(option, "keep-alive");
        });
        break;
      case BeastField::expect:
        if (!equal_ignoring_case(value, "100-continue")) return Refusal::expectation_failed;
        expects_continue_ = true;
        break;
      default:
        break;
    }
    return std::nullopt;
  }

  void judge_head() {
    const auto method = head_.method();
    if (has_folded_line(head_.text)) refusal_ = Refusal::folded_field;
    if (!has_host_) refusal_ = Refusal::host_missing;
    if (has_transfer_encoding_)
      refusal_ = http_1_1_ && !head_.content_length ? Refusal::chunked : Refusal::transfer_encoding;
    if ((method == "GET" || method == "HEAD") && head_.content_length.value_or(0) > 0)
      refusal_ = Refusal::unexpected_body;
    head_.keep_alive = !says_close_ && (http_1_1_ || says_keep_alive_);
    head_.expects_continue = expects_continue_ && http_1_1_;
  }

  static Refusal refusal_of(const beast::error_code& ec) noexcept {
    if (ec == beast::http::error::bad_content_length) return Refusal::content_length_invalid;
    if (ec == beast::http::error::multiple_content_length) return Refusal::content_length_repeated;
    if (ec == beast::http::error::bad_transfer_encoding) return Refusal::transfer_encoding;
    return Refusal::malformed;
  }

  void refuse(Refusal refusal, beast::error_code& ec) {
    refusal_ = refusal;
    ec = beast::http::error::bad_field;
  }

  bool is_received(beast::string_view part) const noexcept {
    return std::less_equal<>{}(received_.data(), part.data()) &&
           std::less_equal<>{}(part.data() + part.size(), received_.data() + received_.size());
  }

  Slice slice_of(beast::string_view part) const noexcept {
    return {static_cast<std::uint16_t>(part.data() - received_.data()),
            static_cast<std::uint16_t>(part.size())};
  }

  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view, beast::error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, beast::error_code&) override { return 0; }
  void on_finish_impl(beast::error_code&) override {}

  std::string_view received_;
  RequestHead head_;
  std::optional<Refusal> refusal_;
  bool http_1_1_ = false;
  bool has_host_ = false;
  bool has_transfer_encoding_ = false;
  bool says_close_ = false;
  bool says_keep_alive_ = false;
  bool expects_continue_ = false;
};

}  // namespace

std::variant<NeedMore, Refusal, RequestHead> parse_head(std::string_view received) {
  CHECK(received.size() < kReceivedMax);
  return HeadParser(received).parse();
}

std::string_view RequestHead::query() const noexcept {
  const auto mark = target().find('?');
  return mark == std::string_view::npos ? std::string_view{} : target().substr(mark + 1);
}

bool RequestHead::is_named(const Field& field, std::string_view name) const noexcept {
  return field.name.bytes == name.size() && equal_ignoring_case(slice(field.name), name);
}

std::optional<std::string_view> RequestHead::field(std::string_view name) const noexcept {
  for (const auto& each : fields)
    if (is_named(each, name)) return slice(each.value);
  return std::nullopt;
}

std::vector<std::string_view> RequestHead::field_values(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& each : fields)
    if (is_named(each, name)) values.push_back(slice(each.value));
  return values;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a == b) return true;
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_media_type(std::string_view content_type, std::string_view media_type) noexcept {
  return equal_ignoring_case(trimmed(content_type.substr(0, content_type.find(';'))), media_type);
}

std::string_view to_string(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::malformed:
      return "malformed";
    case Refusal::folded_field:
      return "folded_field";
    case Refusal::too_many_fields:
      return "too_many_fields";
    case Refusal::host_missing:
      return "host_missing";
    case Refusal::host_repeated:
      return "host_repeated";
    case Refusal::host_invalid:
      return "host_invalid";
    case Refusal::target_not_a_path:
      return "target_not_a_path";
    case Refusal::bad_encoding:
      return "bad_encoding";
    case Refusal::transfer_encoding:
      return "transfer_encoding";
    case Refusal::chunked:
      return "chunked";
    case Refusal::content_length_invalid:
      return "content_length_invalid";
    case Refusal::content_length_repeated:
      return "content_length_repeated";
    case Refusal::unexpected_body:
      return "unexpected_body";
    case Refusal::length_required:
      return "length_required";
    case Refusal::unsupported_media_type:
      return "unsupported_media_type";
    case Refusal::expectation_failed:
      return "expectation_failed";
    case Refusal::header_too_large:
      return "header_too_large";
    case Refusal::body_too_large:
      return "body_too_large";
    case Refusal::header_timeout:
      return "header_timeout";
    case Refusal::body_timeout:
      return "body_timeout";
    case Refusal::not_found:
      return "not_found";
    case Refusal::method_not_allowed:
      return "method_not_allowed";
    case Refusal::body_memory:
      return "body_memory";
    case Refusal::body_memory_per_address:
      return "body_memory_per_address";
    case Refusal::connections:
      return "connections";
    case Refusal::connections_per_address:
      return "connections_per_address";
  }
  return "malformed";
}

}  // namespace penstock::http
