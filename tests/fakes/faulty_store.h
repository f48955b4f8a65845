// A real store whose calls can be made to fail on demand, as a network between would.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "common/ports/store.h"

namespace penstock::testing {

// What happens to a commit.
enum class CommitFault {
  refused,      // nothing is written, the error is answered
  answer_lost,  // everything is written, the error is answered all the same
};

// Borrows the store.
class FaultyStore final : public Store {
 public:
  explicit FaultyStore(Store& store) : store_(store) {}

  // The next commits fail so, one each.
  void fail_next_commit(CommitFault fault, Error error) {
    const std::lock_guard lock(mutex_);
    faults_.push_back({fault, std::move(error)});
  }
  // Every commit that `fails` says yes to is answered with the error, and writes nothing.
  using Predicate = std::function<bool(std::span<const TableRows>)>;
  void fail_commits(
      Error error, Predicate fails = [](std::span<const TableRows>) { return true; }) {
    const std::lock_guard lock(mutex_);
    standing_error_ = std::move(error);
    fails_ = std::move(fails);
  }
  void mend() {
    const std::lock_guard lock(mutex_);
    fails_ = nullptr;
  }
  // From now on commits wait until they are let go.
  void hold_commits() {
    const std::lock_guard lock(mutex_);
    holding_ = true;
  }
  void let_commits_go() {
    const std::lock_guard lock(mutex_);
    holding_ = false;
    let_go_.notify_all();
  }
  int commits_held() const { return commits_held_; }
  // While away, it answers nothing but unavailable.
  void set_available(bool available) { available_ = available; }
  // Until it has been asked so often while away; false after 20 s.
  bool wait_until_asked(int times) {
    std::unique_lock lock(mutex_);
    return asked_.wait_for(lock, std::chrono::seconds{20}, [&] { return asked_while_away_ >= times; });
  }
  int commits() const { return commits_; }
  int refusals() const { return refusals_; }  // by fail_commits()
  int times_asked_for_id() const { return times_asked_for_id_; }

  Result<std::unique_ptr<StoreBatch>> begin() override {
    TRY_STATUS(check_available());
    TRY(auto batch, store_.begin());
    return std::unique_ptr<StoreBatch>(std::make_unique<Batch>(*this, std::move(batch)));
  }
  Result<std::vector<Row>> read(const Table& table, std::span<const std::string> keys) override {
    TRY_STATUS(check_available());
    return store_.read(table, keys);
  }
  Result<std::vector<Row>> list(const Table& table, const ListQuery& query) override {
    TRY_STATUS(check_available());
    return store_.list(table, query);
  }
  Result<std::vector<std::vector<Row>>> lists(const Table& table,
                                              std::span<const ListQuery> queries) override {
    TRY_STATUS(check_available());
    return store_.lists(table, queries);
  }
  Result<std::vector<std::string>> key_scopes(const Table& table, std::size_t limit) override {
    TRY_STATUS(check_available());
    return store_.key_scopes(table, limit);
  }
  Result<std::string> id() override {
    ++times_asked_for_id_;
    TRY_STATUS(check_available());
    return store_.id();
  }
  Status ready() override {
    TRY_STATUS(check_available());
    return store_.ready();
  }

 private:
  Status check_available() {
    if (available_) return ok();
    const std::lock_guard lock(mutex_);
    ++asked_while_away_;
    asked_.notify_all();
    return Error{ErrorCode::unavailable, "the store is away"};
  }

  struct Fault {
    CommitFault kind;
    Error error;
  };

  class Batch final : public StoreBatch {
   public:
    Batch(FaultyStore& faults, std::unique_ptr<StoreBatch> batch)
        : faults_(faults), batch_(std::move(batch)) {}
    Result<std::vector<TableRows>> load(std::span<const TableKeys> wanted) override {
      return batch_->load(wanted);
    }
    Status write(const TableRows& rows) override {
      changes_.push_back(rows);
      return ok();
    }
    using StoreBatch::commit;
    Status commit() override {
      faults_.wait_while_held();
      const auto fault = faults_.next_fault(changes_);
      if (fault && fault->kind == CommitFault::refused) return fault->error;
      TRY_STATUS(batch_->commit(changes_));
      ++faults_.commits_;
      if (fault) return fault->error;
      return ok();
    }

   private:
    FaultyStore& faults_;
    std::unique_ptr<StoreBatch> batch_;
    std::vector<TableRows> changes_;
  };

  void wait_while_held() {
    std::unique_lock lock(mutex_);
    if (!holding_) return;
    ++commits_held_;
    let_go_.wait(lock, [this] { return !holding_; });
    --commits_held_;
  }

  std::optional<Fault> next_fault(std::span<const TableRows> changes) {
    const std::lock_guard lock(mutex_);
    if (fails_ && fails_(changes)) {
      ++refusals_;
      return Fault{CommitFault::refused, standing_error_};
    }
    if (faults_.empty()) return std::nullopt;
    Fault fault = std::move(faults_.front());
    faults_.pop_front();
    return fault;
  }

  Store& store_;
  std::mutex mutex_;
  std::condition_variable let_go_;
  bool holding_ = false;
  std::deque<Fault> faults_;
  Error standing_error_;
  Predicate fails_;
  std::atomic<int> refusals_{0};
  std::atomic<int> times_asked_for_id_{0};
  int asked_while_away_ = 0;
  std::condition_variable asked_;
  std::atomic<bool> available_{true};
  std::atomic<int> commits_{0};
  std::atomic<int> commits_held_{0};
};

}  // namespace penstock::testing
