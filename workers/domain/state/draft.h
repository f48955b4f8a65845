// The rows of one scope as one event leaves them while it is being decided: the view's, with the event's own
// changes on top.
#pragma once

#include <utility>

#include "workers/domain/state/view.h"

namespace penstock {

// Borrows the view, which must outlive it. A Draft without changes reads exactly as its view does.
//
// Rows are asked for by id and found in the draft's scope: no other scope's row can be read or changed
// through it. Rows that belong to no scope (wallets) go by their keys.
class Draft {
 public:
  Draft(const View& view, Scope scope) : view_(view), scope_(std::move(scope)) {}

  // As View::find; the pointer holds until the next put().
  template <class R>
  const R* find(const std::string& id) const {
    for (const auto& row : std::get<TypedRows<R>>(effects_.changed).rows)
      if (row.id == id) return &row;
    if constexpr (Scoped<R>)
      return view_.find<R>(scope_, id);
    else
      return view_.find<R>(id);
  }
  template <class R>
  const R* find(const std::optional<std::string>& id) const {
    return id ? find<R>(*id) : nullptr;
  }
  // A copy of the row, or a new one of that id.
  template <class R>
  R get_or_new(const std::string& id) const {
    const R* known = find<R>(id);
    return known != nullptr ? *known : make_row<R>(scope_, id);
  }

  // Remembers the row's new value, unless it is the old one.
  template <class R>
  void put(R row) {
    if constexpr (Scoped<R>) CHECK(scope_.is_key_of(row.id, row.key));
    const R* known = find<R>(row.id);
    if (known == nullptr || *known != row) effects_.put(std::move(row));
  }

  const Scope& scope() const noexcept { return scope_; }
  const View& view() const noexcept { return view_; }
  // The rows as they were. What it finds lives as long as the view.
  Draft before() const { return {view_, scope_}; }
  Effects& effects() noexcept { return effects_; }
  Effects take() && { return std::move(effects_); }

 private:
  const View& view_;
  Scope scope_;
  Effects effects_;
};

}  // namespace penstock
