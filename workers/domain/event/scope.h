// Whose objects, and of which mode: live and test never mix, and neither do the platform's objects and those
// of its connected accounts.
//
// A row belongs to one scope, which its key in the store names. An event reads and changes rows of its own
// scope only, so an id that another scope uses too, or that an account's owner has written into an object,
// leads nowhere else.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

struct Scope {
  bool livemode = false;
  std::optional<std::string> account = {};  // the connected account; none is the platform's own
  auto operator<=>(const Scope&) const = default;

  // "live" of the platform, "live/acct_1" of a connected account.
  std::string name() const;
  // "live:cs_1", "live/acct_1:cs_1". Different (scope, id) give different keys, because
  // an account's id holds no colon.
  std::string key(std::string_view id) const;
  // The platform's of the same mode: where rows are that belong to no account, such as session payments.
  Scope of_platform() const { return {livemode, {}}; }
};

}  // namespace penstock
