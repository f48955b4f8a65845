// Which rows hang together: names the keys that are to be loaded, following the rows that are loaded already.
#pragma once

#include "workers/domain/state/view.h"

namespace penstock {

// Borrows view and reads. Follows ids within one scope. complete() after following says that nothing more was
// found to load.
class LinkedReads {
 public:
  LinkedReads(const View& view, Scope scope, Reads& reads)
      : view_(view), scope_(std::move(scope)), reads_(reads) {}

  // Asks for the row; the row where it is loaded and exists. As Draft::find, by id.
  template <class R>
  const R* want(const std::string& id) {
    if constexpr (Scoped<R>) {
      if (view_.loaded<R>(scope_, id)) return view_.find<R>(scope_, id);
      reads_.want<R>(scope_, id);
    } else {
      if (view_.loaded<R>(id)) return view_.find<R>(id);
      reads_.want<R>(id);
    }
    complete_ = false;
    return nullptr;
  }
  template <class R>
  const R* want(const std::optional<std::string>& id) {
    return id ? want<R>(*id) : nullptr;
  }

  // The session, its customer, and all that belongs to its intent.
  void want_session(const std::string& id) {
    const auto* session = want<CheckoutSession>(id);
    if (session == nullptr) return;
    want<Customer>(session->customer);
    want_intent(session->payment_intent);
  }
  // The intent, its sessions and charges, and their customers.
  void want_intent(const std::optional<std::string>& id) {
    const auto* intent = want<PaymentIntent>(id);
    if (intent == nullptr) return;
    want<Customer>(intent->customer);
    for (const auto& session : intent->sessions)
      if (const auto* row = want<CheckoutSession>(session)) want<Customer>(row->customer);
    for (const auto& charge : intent->charges)
      if (const auto* row = want<Charge>(charge)) want<Customer>(row->customer);
  }
  // The charge, its customer, and all that belongs to its intent.
  void want_charge(const std::string& id) {
    const auto* charge = want<Charge>(id);
    if (charge == nullptr) return;
    want<Customer>(charge->customer);
    want_intent(charge->payment_intent);
  }

  const View& view() const noexcept { return view_; }
  const Scope& scope() const noexcept { return scope_; }
  bool complete() const noexcept { return complete_; }

 private:
  const View& view_;
  const Scope scope_;
  Reads& reads_;
  bool complete_ = true;
};

}  // namespace penstock
