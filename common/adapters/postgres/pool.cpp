#include "common/adapters/postgres/pool.h"

namespace penstock::postgres {

Lease::~Lease() {
  if (connection_ != nullptr) pool_->give_back(std::move(connection_));
}

Result<Lease> Pool::acquire() {
  {
    std::unique_lock lock(mutex_);
    const auto free = [&] { return in_use_ < options_.connections_max; };
    if (!returned_.wait_for(lock, options_.connection_wait, free))
      return Error{ErrorCode::overloaded, "postgres: all connections of the pool are in use"};
    ++in_use_;
  }
  if (auto idle = take_idle()) return Lease(*this, std::move(idle));
  auto opened = Connection::open(options_);
  if (opened) return Lease(*this, std::move(opened).value());
  give_back(nullptr);
  return std::move(opened).error();
}

std::unique_ptr<Connection> Pool::take_idle() {
  const std::lock_guard lock(mutex_);
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->reusable()) return connection;
  }
  return nullptr;
}

void Pool::give_back(std::unique_ptr<Connection> connection) noexcept {
  if (connection != nullptr && !connection->reusable()) connection.reset();
  {
    const std::lock_guard lock(mutex_);
    --in_use_;
    if (connection != nullptr) idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

}  // namespace penstock::postgres
