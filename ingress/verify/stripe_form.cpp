#include "ingress/verify/stripe_form.h"

#include <utility>

#include "common/json/value.h"

namespace penstock {
namespace {

constexpr std::size_t kIndent = 2;

std::string_view short_escape(char c) noexcept {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return {};
  }
}

class Printer {
 public:
  // Recursion is bounded by the depth that the parser allows.
  void value(json::Value value) {
    switch (value.kind()) {
      case json::Kind::absent:
      case json::Kind::null:
        text_ += "null";
        return;
      case json::Kind::boolean:
        text_ += *value.boolean() ? "true" : "false";
        return;
      case json::Kind::number:
        text_ += value.number_text();
        return;
      case json::Kind::string:
        return string(*value.string());
      case json::Kind::array:
        return children(value, '[', ']');
      case json::Kind::object:
        return children(value, '{', '}');
    }
  }

  std::string text() && noexcept { return std::move(text_); }

 private:
  void children(json::Value parent, char open, char close) {
    text_ += open;
    ++depth_;
    bool first = true;
    for (auto child = parent.first(); !child.absent(); child = parent.next(child)) {
      if (!std::exchange(first, false)) text_ += ',';
      new_line();
      if (parent.is_object()) {
        string(child.key());
        text_ += ": ";
      }
      value(child);
    }
    --depth_;
    if (!first) new_line();
    text_ += close;
  }

  void new_line() { text_.append(1, '\n').append(depth_ * kIndent, ' '); }

  void string(std::string_view characters) {
    constexpr std::string_view kHexDigits = "0123456789abcdef";
    text_ += '"';
    for (const char c : characters) {
      const auto byte = static_cast<unsigned char>(c);
      if (const auto escape = short_escape(c); !escape.empty())
        text_ += escape;
      else if (byte < 0x20)
        text_.append("\\u00").append(1, kHexDigits[byte >> 4]).append(1, kHexDigits[byte & 15]);
      else
        text_ += c;
    }
    text_ += '"';
  }

  std::string text_;
  std::size_t depth_ = 0;
};

}  // namespace

std::optional<std::string> stripe_form(std::string_view body) {
  const auto document = json::Document::parse(body);
  if (!document) return std::nullopt;
  Printer printer;
  printer.value(document.value().root());
  return std::move(printer).text();
}

}  // namespace penstock
