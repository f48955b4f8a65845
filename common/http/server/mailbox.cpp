#include "common/http/server/mailbox.h"

namespace penstock::http {
namespace {

thread_local const Mailbox* t_own_mailbox = nullptr;

}  // namespace

bool Mailbox::on_loop_thread() const noexcept { return t_own_mailbox == this; }

void Mailbox::push(Answer answer) {
  if (on_loop_thread()) return deliver_(answer);
  const std::scoped_lock lock(mutex_);
  if (!open_) return;
  waiting_.push_back(std::move(answer));
  if (waiting_.size() == 1) wake_();
}

void Mailbox::open() {
  t_own_mailbox = this;
  const std::scoped_lock lock(mutex_);
  open_ = true;
}

void Mailbox::drain() {
  {
    const std::scoped_lock lock(mutex_);
    drained_.swap(waiting_);
  }
  for (const auto& answer : drained_) deliver_(answer);
  drained_.clear();
}

void Mailbox::close() {
  t_own_mailbox = nullptr;
  const std::scoped_lock lock(mutex_);
  open_ = false;
  waiting_.clear();
}

void Responder::send(Response response) const { mailbox_->push({slot_, exchange_, std::move(response)}); }

void Responder::send_constant(const Response& response) const {
  mailbox_->push({slot_, exchange_, &response});
}

}  // namespace penstock::http
