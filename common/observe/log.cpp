#include "common/observe/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>

#include "common/core/time.h"
#include "common/json/writer.h"

namespace penstock::log {
namespace {

std::atomic<Format> g_format{Format::text};

spdlog::logger& logger() {
  static const auto instance = [] {
    auto created = spdlog::stderr_logger_mt("penstock");
    created->set_pattern("%v");
    created->flush_on(spdlog::level::debug);
    return created;
  }();
  return *instance;
}

constexpr spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

constexpr std::string_view word(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  return "info";
}

std::string now_text() {
  return to_rfc3339(std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()));
}

std::string json_line(Level level, std::string_view message, Attributes attributes) {
  json::Writer out;
  out.begin_object()
      .key("time")
      .string(now_text())
      .key("level")
      .string(word(level))
      .key("message")
      .string(message);
  for (const auto& attribute : attributes) out.key(attribute.name).string(attribute.value);
  out.end_object();
  return std::move(out).text();
}

bool plain(std::string_view value) {
  if (value.empty()) return false;
  for (const char c : value)
    if (c <= ' ' || c == '"' || c == '\\' || c == 0x7f) return false;
  return true;
}

std::string text_line(Level level, std::string_view message, Attributes attributes) {
  std::string line = now_text();
  line.append(" ").append(word(level)).append(" ").append(message);
  for (const auto& attribute : attributes) {
    line.append(" ").append(attribute.name).append("=");
    if (plain(attribute.value)) {
      line.append(attribute.value);
    } else {
      json::Writer quoted;
      quoted.string(attribute.value);
      line.append(quoted.text());
    }
  }
  return line;
}

void write(Level level, std::string_view message, Attributes attributes) {
  const auto spd_level = to_spdlog(level);
  if (!logger().should_log(spd_level)) return;
  const auto line = g_format.load(std::memory_order_relaxed) == Format::json
                        ? json_line(level, message, attributes)
                        : text_line(level, message, attributes);
  logger().log(spdlog::source_loc{}, spd_level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void configure(Level level, Format format) {
  g_format.store(format, std::memory_order_relaxed);
  logger().set_level(to_spdlog(level));
}

void debug(std::string_view message, Attributes attributes) { write(Level::debug, message, attributes); }
void info(std::string_view message, Attributes attributes) { write(Level::info, message, attributes); }
void warn(std::string_view message, Attributes attributes) { write(Level::warn, message, attributes); }
void error(std::string_view message, Attributes attributes) { write(Level::error, message, attributes); }

}  // namespace penstock::log
