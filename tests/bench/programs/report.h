// How the benchmark programs tell tests/bench/run what they measured: one JSON object on a line of stdout.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace penstock::bench {

// {"events": N, "seconds": S}
void report_events(std::size_t events, std::chrono::duration<double> took);
// {"events": N, "seconds": S, "cpu_s": S}
void report_events(std::size_t events, std::chrono::duration<double> took, std::chrono::duration<double> cpu);

// {"events": N, "seconds": S, "cpu_s": S, "server_cpu_s": S}
void report_events(std::size_t events, std::chrono::duration<double> took, std::chrono::duration<double> cpu,
                   std::chrono::duration<double> server_cpu);

// What this process has used of the cores.
std::chrono::duration<double> cpu_used();
// What a process's children that live now have, in the kernel's ticks of 10 ms for each of them: the backends of PostgreSQL's server.
std::chrono::duration<double> cpu_used_by_children_of(int process);

// {"events": N, "seconds": S, "p50_s": S, "p99_s": S}
void report_answers(std::size_t events, std::chrono::duration<double> took, std::chrono::duration<double> p50,
                    std::chrono::duration<double> p99);

// {"listening": "127.0.0.1:4711"}
void report_listening(std::string_view address);

// Says why on stderr and exits with 1.
[[noreturn]] void fail(std::string_view why);

}  // namespace penstock::bench
