#include "common/observe/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

namespace penstock {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

std::string content(const char* file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// `fields` follows the names of proc(5), from the state (3) on.
std::optional<double> field_number(const std::vector<std::string>& fields, std::size_t number) {
  constexpr std::size_t kFirst = 3;
  if (number - kFirst >= fields.size()) return std::nullopt;
  const std::string& text = fields[number - kFirst];
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Seconds since 1970; the kernel's, so that it does not move with the process's clock.
std::optional<double> boot_time() {
  std::istringstream in(content("/proc/stat"));
  for (std::string line; std::getline(in, line);) {
    double seconds = 0;
    if (line.starts_with("btime ") &&
        std::from_chars(line.data() + 6, line.data() + line.size(), seconds).ec == std::errc{})
      return seconds;
  }
  return std::nullopt;
}

std::optional<double> open_files() {
  std::error_code failed;
  std::filesystem::directory_iterator entries("/proc/self/fd", failed);
  if (failed) return std::nullopt;
  double count = -1;  // the one that reads the folder
  for (; !failed && entries != std::filesystem::directory_iterator(); entries.increment(failed)) ++count;
  if (failed) return std::nullopt;
  return count;
}

std::optional<double> files_max() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

MetricFamily family(const char* name, const char* help, MetricType type, double value) {
  prometheus::ClientMetric metric;
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  return {name, help, type, {std::move(metric)}};
}

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
  const auto command_end = text.rfind(')');
  if (command_end == std::string_view::npos) return std::nullopt;
  std::istringstream in{std::string(text.substr(command_end + 1))};
  const std::vector<std::string> fields{std::istream_iterator<std::string>(in), {}};
  const auto user = field_number(fields, 14), system = field_number(fields, 15);
  const auto threads = field_number(fields, 20), start = field_number(fields, 22);
  const auto virtual_bytes = field_number(fields, 23), resident = field_number(fields, 24);
  if (!user || !system || !threads || !start || !virtual_bytes || !resident) return std::nullopt;
  return ProcessStat{*user + *system, *threads, *start, *virtual_bytes, *resident};
}

std::vector<MetricFamily> ProcessMetrics::Collect() const {
  std::vector<MetricFamily> families;
  const auto gauge = [&families](const char* name, const char* help, std::optional<double> value) {
    if (value) families.push_back(family(name, help, MetricType::Gauge, *value));
  };
  gauge("process_open_fds", "Open file descriptors", open_files());
  gauge("process_max_fds", "The limit of open file descriptors", files_max());
  const auto stat = parse_process_stat(content("/proc/self/stat"));
  if (!stat) return families;
  const auto ticks_a_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  families.push_back(family("process_cpu_seconds_total", "User and system CPU time", MetricType::Counter,
                            stat->cpu_ticks / ticks_a_second));
  gauge("process_virtual_memory_bytes", "Virtual memory", stat->virtual_bytes);
  gauge("process_resident_memory_bytes", "Resident memory",
        stat->resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
  gauge("process_threads", "Threads", stat->threads);
  if (const auto boot = boot_time())
    gauge("process_start_time_seconds", "When the process was started, in seconds since 1970",
          *boot + stat->start_ticks / ticks_a_second);
  return families;
}

}  // namespace penstock
