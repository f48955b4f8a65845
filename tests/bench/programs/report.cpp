#include "tests/bench/programs/report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>

namespace penstock::bench {

void report_events(std::size_t events, std::chrono::duration<double> took) {
  fmt::print("{{\"events\": {}, \"seconds\": {:.6f}}}\n", events, took.count());
}

void report_events(std::size_t events, std::chrono::duration<double> took,
                   std::chrono::duration<double> cpu) {
  fmt::print("{{\"events\": {}, \"seconds\": {:.6f}, \"cpu_s\": {:.6f}}}\n", events, took.count(),
             cpu.count());
}

void report_events(std::size_t events, std::chrono::duration<double> took, std::chrono::duration<double> cpu,
                   std::chrono::duration<double> server_cpu) {
  fmt::print("{{\"events\": {}, \"seconds\": {:.6f}, \"cpu_s\": {:.6f}, \"server_cpu_s\": {:.6f}}}\n", events,
             took.count(), cpu.count(), server_cpu.count());
}

std::chrono::duration<double> cpu_used() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
}

std::chrono::duration<double> cpu_used_by_children_of(int process) {
  std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", process));
  long ticks = 0;
  for (int child = 0; children >> child;) {
    std::ifstream file(fmt::format("/proc/{}/stat", child));
    std::string stat;
    std::getline(file, stat);
    // Behind the name, which may hold anything, in parentheses: utime and stime are the 12th and 13th (proc(5)).
    std::istringstream fields(stat.substr(std::min(stat.rfind(')') + 1, stat.size())));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    long user = 0, system = 0;
    if (fields >> user >> system) ticks += user + system;
  }
  return std::chrono::duration<double>(static_cast<double>(ticks) /
                                       static_cast<double>(::sysconf(_SC_CLK_TCK)));
}

void report_answers(std::size_t events, std::chrono::duration<double> took, std::chrono::duration<double> p50,
                    std::chrono::duration<double> p99) {
  fmt::print("{{\"events\": {}, \"seconds\": {:.6f}, \"p50_s\": {:.6f}, \"p99_s\": {:.6f}}}\n", events,
             took.count(), p50.count(), p99.count());
}

void report_listening(std::string_view address) {
  fmt::print("{{\"listening\": \"{}\"}}\n", address);
  std::fflush(stdout);
}

void fail(std::string_view why) {
  fmt::print(stderr, "{}\n", why);
  std::exit(1);
}

}  // namespace penstock::bench
