#include "common/json/value.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/json/writer.h"

namespace penstock::json {

std::string_view to_string(Kind kind) noexcept {
  switch (kind) {
    case Kind::absent:
      return "absent";
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "boolean";
    case Kind::number:
      return "number";
    case Kind::string:
      return "string";
    case Kind::array:
      return "array";
    case Kind::object:
      return "object";
  }
  return "absent";
}

std::string_view Value::text(std::uint32_t at, std::uint32_t bytes) const noexcept {
  return std::string_view(tape_->text).substr(at, bytes);
}

Value Value::first() const noexcept {
  if (size() == 0) return {};
  return {tape_, node_ + 1};
}

Value Value::next(Value child) const noexcept {
  const auto* following = tape_->nodes.data() + child.node_->end;
  if (following == tape_->nodes.data() + node_->end) return {};
  return {tape_, following};
}

Value Value::operator[](std::string_view key) const noexcept {
  if (!is_object()) return {};
  const detail::Node* const nodes = tape_->nodes.data();
  for (const auto* member = node_ + 1; member != nodes + node_->end; member = nodes + member->end)
    if (member->key_bytes == key.size() && text(member->key_at, member->key_bytes) == key)
      return {tape_, member};
  return {};
}

std::string_view Value::key() const noexcept {
  return node_ ? text(node_->key_at, node_->key_bytes) : std::string_view{};
}

std::optional<std::string_view> Value::string() const noexcept {
  if (kind() != Kind::string) return std::nullopt;
  return text(node_->text_at, node_->text_bytes);
}

std::string_view Value::number_text() const noexcept {
  return kind() == Kind::number ? text(node_->text_at, node_->text_bytes) : std::string_view{};
}

std::optional<std::int64_t> Value::integer() const noexcept {
  const auto digits = number_text();
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || ec != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<bool> Value::boolean() const noexcept {
  if (kind() != Kind::boolean) return std::nullopt;
  return node_->boolean;
}

Value Document::root() const noexcept {
  if (!tape_ || tape_->nodes.empty()) return {};
  return {tape_.get(), tape_->nodes.data()};
}

namespace {

void write_canonical(Writer& out, Value value) {
  switch (value.kind()) {
    case Kind::absent:
    case Kind::null:
      out.null();
      return;
    case Kind::boolean:
      out.boolean(*value.boolean());
      return;
    case Kind::number:
      out.raw(value.number_text());
      return;
    case Kind::string:
      out.string(*value.string());
      return;
    case Kind::array:
      out.begin_array();
      for (Value v = value.first(); !v.absent(); v = value.next(v)) write_canonical(out, v);
      out.end_array();
      return;
    case Kind::object: {
      std::vector<Value> members;
      members.reserve(value.size());
      for (Value v = value.first(); !v.absent(); v = value.next(v)) members.push_back(v);
      std::sort(members.begin(), members.end(), [](Value a, Value b) { return a.key() < b.key(); });
      out.begin_object();
      for (Value v : members) {
        out.key(v.key());
        write_canonical(out, v);
      }
      out.end_object();
      return;
    }
  }
}

}  // namespace

namespace {

// A value that has no other values in it, or could have and has none.
void write_flat(std::string& out, Value value) {
  if (value.is_object() || value.is_array())
    out += value.is_object() ? "{}" : "[]";
  else
    out += canonical(value);
}

void write_indented(std::string& out, Value value, std::size_t indent) {
  if (value.size() == 0) return write_flat(out, value);
  constexpr std::size_t kStep = 2;
  out += value.is_object() ? '{' : '[';
  std::string_view separator;
  for (Value v = value.first(); !v.absent(); v = value.next(v)) {
    out.append(std::exchange(separator, ",")).append("\n").append(indent + kStep, ' ');
    if (value.is_object()) out.append(Writer().string(v.key()).text()).append(": ");
    write_indented(out, v, indent + kStep);
  }
  out.append("\n").append(indent, ' ') += value.is_object() ? '}' : ']';
}

}  // namespace

std::string indented(Value value) {
  std::string out;
  write_indented(out, value, 0);
  return out;
}

std::string canonical(Value value) {
  Writer out;
  write_canonical(out, value);
  return std::move(out).text();
}

}  // namespace penstock::json
