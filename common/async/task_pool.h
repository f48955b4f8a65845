// A few threads for calls that block, behind a queue of fixed length.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

namespace boost::asio {
class thread_pool;
}

namespace penstock {

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
  const std::size_t waiting_max_;
  std::atomic<std::size_t> waiting_{0};
  const std::unique_ptr<boost::asio::thread_pool> threads_;
};

}  // namespace penstock
