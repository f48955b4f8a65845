#include "common/process/open_files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>

namespace penstock {
namespace {

rlimit open_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit;
}

// In a process of its own: 0 when the limit was raised to just the hard one, and that was said.
[[noreturn]] void lower_and_raise() {
  rlimit lowered = open_files();
  lowered.rlim_max = std::min<rlim_t>(lowered.rlim_max, 300);
  lowered.rlim_cur = 64;
  if (::setrlimit(RLIMIT_NOFILE, &lowered) != 0) std::exit(1);
  const auto told = raise_open_files_limit();
  const auto raised = open_files();
  std::exit(told == raised.rlim_cur && raised.rlim_cur == lowered.rlim_max &&
                    raised.rlim_max == lowered.rlim_max
                ? 0
                : 2);
}

TEST(OpenFilesDeathTest, TheLimitIsRaisedToTheHardOne) {
  EXPECT_EXIT(lower_and_raise(), testing::ExitedWithCode(0), "");
}

TEST(OpenFiles, RaisingItTwiceChangesNothing) {
  const auto once = raise_open_files_limit();
  EXPECT_EQ(raise_open_files_limit(), once);
  EXPECT_EQ(open_files().rlim_cur, once);
}

}  // namespace
}  // namespace penstock
