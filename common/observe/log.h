// Structured logging to stderr, one line a record: JSON lines or text. Thread-safe; never throws;
// does not block beyond the write to stderr. Values must not hold secrets: pass what an operator
// needs, never a header or body.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace penstock::log {

enum class Level { debug, info, warn, error };
enum class Format { text, json };

// Called once at start, before other threads log. Without it: info, text.
void configure(Level level, Format format);

struct Attribute {
  std::string_view name;
  std::string value;
  Attribute(std::string_view attribute, std::string text) : name(attribute), value(std::move(text)) {}
  Attribute(std::string_view attribute, std::string_view text) : name(attribute), value(text) {}
  Attribute(std::string_view attribute, const char* text) : name(attribute), value(text) {}
  Attribute(std::string_view attribute, std::integral auto number)
      : name(attribute), value(std::to_string(number)) {}
};
using Attributes = std::initializer_list<Attribute>;

// `message` is a few constant words ("listening", "store unavailable"); what varies goes into attributes.
void debug(std::string_view message, Attributes attributes = {});
void info(std::string_view message, Attributes attributes = {});
void warn(std::string_view message, Attributes attributes = {});
void error(std::string_view message, Attributes attributes = {});

}  // namespace penstock::log
