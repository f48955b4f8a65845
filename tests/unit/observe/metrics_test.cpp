// What every program's /metrics shows of the process itself.
#include "common/observe/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

namespace penstock {
namespace {

using testing::HasSubstr;

// Name and labels to value, of every sample; each line must be one or a comment.
std::map<std::string, double> samples_of(const std::string& exposition) {
  std::map<std::string, double> samples;
  std::istringstream lines(exposition);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.starts_with("#")) continue;
    const auto blank = line.rfind(' ');
    EXPECT_NE(blank, std::string::npos) << line;
    samples[line.substr(0, blank)] = std::stod(line.substr(blank + 1));
  }
  return samples;
}

double sample(const std::string& name) { return samples_of(Metrics().exposition()).at(name); }

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

TEST(ProcessMetrics, AreTheStandardOnesWithTheirTypes) {
  const std::string text = Metrics().exposition();
  EXPECT_THAT(text, HasSubstr("# TYPE process_cpu_seconds_total counter\n"));
  for (const char* gauge : {"process_open_fds", "process_max_fds", "process_virtual_memory_bytes",
                            "process_resident_memory_bytes", "process_start_time_seconds", "process_threads"})
    EXPECT_THAT(text, HasSubstr("# TYPE " + std::string(gauge) + " gauge\n"));
}

TEST(ProcessMetrics, FollowTheProcess) {
  const double open_before = sample("process_open_fds");
  const double threads_before = sample("process_threads");
  std::ifstream one_more("/dev/null");
  std::thread another([] { EXPECT_GE(sample("process_threads"), 2); });
  another.join();
  EXPECT_EQ(sample("process_open_fds"), open_before + 1);
  EXPECT_GE(threads_before, 1);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(sample("process_max_fds"), static_cast<double>(limit.rlim_cur));
  EXPECT_GT(sample("process_resident_memory_bytes"), 100'000);
  EXPECT_GT(sample("process_virtual_memory_bytes"), sample("process_resident_memory_bytes"));
  EXPECT_GT(sample("process_start_time_seconds"), seconds_since_1970() - 3600);
  EXPECT_LT(sample("process_start_time_seconds"), seconds_since_1970() + 60);
}

TEST(ProcessMetrics, CpuTimeIsInSeconds) {
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  const double shown = sample("process_cpu_seconds_total");
  getrusage(RUSAGE_SELF, &after);
  const auto seconds = [](const rusage& usage) {
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  };
  EXPECT_GE(shown, seconds(before) - 0.1);  // the kernel counts in ticks
  EXPECT_LE(shown, seconds(after) + 0.1);
}

TEST(ProcessMetrics, TheCommandsNameMayHoldAnything) {
  const auto stat = parse_process_stat(
      "12 (a) S 9) R 1 12 12 0 -1 4194304 150 0 0 0 7 5 0 0 20 0 3 0 4711 1000000 250 "
      "18446744073709551615\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->cpu_ticks, 12);
  EXPECT_EQ(stat->threads, 3);
  EXPECT_EQ(stat->start_ticks, 4711);
  EXPECT_EQ(stat->virtual_bytes, 1'000'000);
  EXPECT_EQ(stat->resident_pages, 250);
  for (const char* other :
       {"", "12", "12 (a) R 1 12", "12 (a) R 1 12 12 0 -1 4194304 150 0 0 0 x 5 0 0 20 0 3 0 1 1 1"})
    EXPECT_FALSE(parse_process_stat(other)) << other;
}

TEST(BuildInfo, SaysVersionCompilerAndBuildTypeOnce) {
  const auto samples = samples_of(Metrics().exposition());
  int found = 0;
  for (const auto& [name, value] : samples) {
    if (!name.starts_with("penstock_build_info{")) continue;
    ++found;
    EXPECT_EQ(value, 1);
    for (const char* label : {"version=\"", "compiler=\"", "build_type=\""})
      EXPECT_THAT(name, HasSubstr(label));
    for (const char* empty : {"version=\"\"", "compiler=\"\""})
      EXPECT_EQ(name.find(empty), std::string::npos);
  }
  EXPECT_EQ(found, 1);
}

}  // namespace
}  // namespace penstock
