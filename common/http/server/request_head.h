// The gate: which request heads are let in, and how the body after them is framed. Pure; what is refused here
// is refused before anything of the request is acted upon.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace penstock::http {

// Why the server itself turns a request or a connection away. Spelled like the metric label.
enum class Refusal {
  malformed,     // no HTTP/1.0 or 1.1 by its grammar
  folded_field,  // a field that goes on in the next line (obs-fold)
  too_many_fields,
  host_missing,
  host_repeated,
  host_invalid,
  target_not_a_path,  // absolute, authority or asterisk form, or a fragment
  bad_encoding,       // percent-encoding or UTF-8 of path or query
  transfer_encoding,  // anything that a proxy in front might frame otherwise than we do
  chunked,            // well-formed, but a length is asked for
  content_length_invalid,
  content_length_repeated,
  unexpected_body,  // with GET or HEAD
  length_required,
  unsupported_media_type,
  expectation_failed,
  header_too_large,
  body_too_large,
  header_timeout,
  body_timeout,
  not_found,
  method_not_allowed,
  body_memory,              // the budget for bodies of all connections is used up
  body_memory_per_address,  // one address has its share of it
  connections,
  connections_per_address,
};
inline constexpr std::size_t kRefusals = 26;

std::string_view to_string(Refusal refusal) noexcept;

struct Slice {
  std::uint16_t at = 0;
  std::uint16_t bytes = 0;
};

struct Field {
  Slice name;
  Slice value;
};

// A request line and its fields, as received.
struct RequestHead {
  std::string text;
  Slice method_at;
  Slice target_at;
  std::vector<Field> fields;
  std::optional<std::uint64_t> content_length;
  bool keep_alive = false;
  bool expects_continue = false;

  std::string_view slice(Slice part) const noexcept {
    return std::string_view(text).substr(part.at, part.bytes);
  }
  std::string_view method() const noexcept { return slice(method_at); }
  std::string_view target() const noexcept { return slice(target_at); }
  std::string_view path() const noexcept { return target().substr(0, target().find('?')); }
  // What follows the "?"; empty without one.
  std::string_view query() const noexcept;
  // The first, and all, values of a field, whatever the name's case.
  std::optional<std::string_view> field(std::string_view name) const noexcept;
  std::vector<std::string_view> field_values(std::string_view name) const;

 private:
  bool is_named(const Field& field, std::string_view name) const noexcept;
};

struct NeedMore {};

// What `received` starts with: an accepted head (whose size is RequestHead::text.size()), a head that must be
// refused, or the beginning of one. `received` must be shorter than 64 KiB.
std::variant<NeedMore, Refusal, RequestHead> parse_head(std::string_view received);

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

// Is this Content-Type of that type, whatever its case and parameters?
bool is_media_type(std::string_view content_type, std::string_view media_type) noexcept;

}  // namespace penstock::http
