#include "common/async/task_pool.h"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "common/core/check.h"

namespace penstock {

TaskPool::TaskPool(std::size_t threads, std::size_t waiting_max)
    : waiting_max_(waiting_max), threads_(std::make_unique<boost::asio::thread_pool>(threads)) {
  CHECK(threads > 0);
}

TaskPool::~TaskPool() {
  threads_->stop();
  threads_->join();
}

bool TaskPool::submit(std::function<void()> task) {
  if (waiting_.fetch_add(1) >= waiting_max_) {
    --waiting_;
    return false;
  }
  boost::asio::post(*threads_, [this, task = std::move(task)] {
    --waiting_;
    task();
  });
  return true;
}

}  // namespace penstock
