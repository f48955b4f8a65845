#include "tests/bench/programs/report.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace penstock::bench {

void report_events(std::size_t events, std::chrono::duration<double> took) {
  fmt::print("{{\"events\": {}, \"seconds\": {:.6f}}}\n", events, took.count());
}

void report_events(std::size_t events, std::chrono::duration<double> took,
                   std::chrono::duration<double> cpu) {
  fmt::print("{{\"events\": {}, \"seconds\": {:.6f}, \"cpu_s\": {:.6f}}}\n", events, took.count(),
             cpu.count());
}

std::chrono::duration<double> cpu_used() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
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
