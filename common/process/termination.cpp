#include "common/process/termination.h"

#include <unistd.h>
#include <csignal>
#include <ctime>
#include <thread>

namespace penstock {
namespace {

constexpr int kKilledByTerm = 128 + SIGTERM;

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

Termination::Termination() {
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void Termination::wait(const std::function<bool()>& give_up) {
  const sigset_t signals = ending_signals();
  const timespec slice{0, 200'000'000};
  while (sigtimedwait(&signals, nullptr, &slice) < 0)
    if (give_up()) break;
  std::thread([signals] {
    int signal = 0;
    if (sigwait(&signals, &signal) == 0) _exit(kKilledByTerm);
  }).detach();
}

}  // namespace penstock
