#include "tests/bench/programs/report.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace penstock::bench {

void report_events(std::size_t events, std::chrono::duration<double> took) {
  fmt::print("{{\"events\": {}, \"seconds\": {:.6f}}}\n", events, took.count());
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
