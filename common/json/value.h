// JSON as a read-only tree over one bounded parse. This header knows no parser, so pure code may use it.
//
// A Document owns its text; a Value is a small view into it, valid while the Document lives (moving the
// Document keeps its Values valid). Both may be read from several threads.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.h"

namespace penstock::json {

enum class Kind : std::uint8_t { absent, null, boolean, number, string, array, object };

std::string_view to_string(Kind kind) noexcept;

namespace detail {
struct Node {
  Kind kind = Kind::null;
  bool boolean = false;
  std::uint32_t end = 0;  // index of the node after this subtree
  std::uint32_t key_at = 0, key_bytes = 0;
  std::uint32_t text_at = 0, text_bytes = 0;
  std::uint32_t count = 0;  // members or elements
};
struct Tape {
  std::vector<Node> nodes;
  std::string text;  // as it was parsed, each key and string unescaped in its place
};
}  // namespace detail

class Value {
 public:
  Value() = default;

  Kind kind() const noexcept { return node_ ? node_->kind : Kind::absent; }
  bool absent() const noexcept { return node_ == nullptr; }
  bool is_null() const noexcept { return kind() == Kind::null; }
  bool missing() const noexcept { return absent() || is_null(); }
  bool is_object() const noexcept { return kind() == Kind::object; }
  bool is_array() const noexcept { return kind() == Kind::array; }
  bool is_string() const noexcept { return kind() == Kind::string; }

  // The member of that name; absent when there is none or this is no object.
  Value operator[](std::string_view key) const noexcept;

  // The value where it is of just that kind, else nullopt. integer() takes whole numbers within int64 only:
  // no fraction, no exponent.
  std::optional<std::string_view> string() const noexcept;
  std::optional<std::int64_t> integer() const noexcept;
  std::optional<bool> boolean() const noexcept;
  std::string_view number_text() const noexcept;

  // Members or elements. Iterate: for (Value v = first(); !v.absent(); v = next(v)).
  std::size_t size() const noexcept { return node_ ? node_->count : 0; }
  Value first() const noexcept;
  Value next(Value child) const noexcept;
  std::string_view key() const noexcept;  // the name under which this member stands in its object

 private:
  friend class Document;
  Value(const detail::Tape* tape, const detail::Node* node) noexcept : tape_(tape), node_(node) {}
  std::string_view text(std::uint32_t at, std::uint32_t bytes) const noexcept;

  const detail::Tape* tape_ = nullptr;
  const detail::Node* node_ = nullptr;
};

// What a text may hold. Beyond any of them parse() refuses it.
struct Limits {
  std::size_t depth_max = 64;
  std::size_t values_max = 100'000;
  std::size_t string_bytes_max = 512 * 1024;
};

// For what is our own, and was bounded when it was written: rows grow beyond what one event may hold.
inline constexpr Limits kOwnLimits{.values_max = std::numeric_limits<std::size_t>::max(),
                                   .string_bytes_max = std::numeric_limits<std::size_t>::max()};

class Document {
 public:
  Document() = default;

  // Parses one JSON text (RFC 8259). Errors are `invalid`, their detail starts with one of the words
  //   not_json, invalid_utf8, nul_in_string, duplicate_key, too_deep, too_many_values, string_too_long
  // and says where. Bytes after the value are refused. Time and memory are linear in the text.
  static Result<Document> parse(std::string_view text, const Limits& limits = {});

  Value root() const noexcept;

 private:
  std::shared_ptr<const detail::Tape> tape_;
};

// The value as compact JSON with object members sorted by name: equal values, equal text.
std::string canonical(Value value);

// The value as Stripe spells it on the wire: two spaces a level, members in their order, UTF-8 as it is, no
// line end after it.
std::string indented(Value value);

}  // namespace penstock::json
