// A few threads for calls that block, behind a queue of fixed length.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace penstock::admin {

// All methods may be called from any thread.
class TaskPool {
 public:
  TaskPool(std::size_t threads, std::size_t waiting_max);
  // Waits for the tasks that run; those that still wait are dropped.
  ~TaskPool();
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  // Runs the task on one of the threads, in order of arrival; it must not throw. False when as many as
  // allowed are waiting: then it is not run. Never blocks.
  [[nodiscard]] bool submit(std::function<void()> task);

 private:
  void run();

  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> waiting_;  // under mutex_
  bool stopping_ = false;                      // under mutex_
  std::vector<std::thread> threads_;
};

}  // namespace penstock::admin
