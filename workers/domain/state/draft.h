// The rows as one event leaves them while it is being decided: the view's, with the event's own changes on
// top.
#pragma once

#include <utility>

#include "workers/domain/state/view.h"

namespace penstock {

// Borrows the view, which must outlive it. A Draft without changes reads exactly as its view does.
class Draft {
 public:
  explicit Draft(const View& view) : view_(view) {}

  // As View::find; the pointer holds until the next put().
  template <class R>
  const R* find(const std::string& key) const {
    for (const auto& row : std::get<TypedRows<R>>(effects_.changed).rows)
      if (row.id == key) return &row;
    return view_.find<R>(key);
  }
  template <class R>
  const R* find(const std::optional<std::string>& key) const {
    return key ? find<R>(*key) : nullptr;
  }

  // Remembers the row's new value, unless it is the old one.
  template <class R>
  void put(R row) {
    const R* known = find<R>(row.id);
    if (known == nullptr || *known != row) effects_.put(std::move(row));
  }

  const View& before() const noexcept { return view_; }
  Effects& effects() noexcept { return effects_; }
  Effects take() && { return std::move(effects_); }

 private:
  const View& view_;
  Effects effects_;
};

}  // namespace penstock
