// Whose objects, and of which mode: live and test never mix, and neither do the platform's objects, those of its
// connected accounts, and those of other orgs.
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
  std::optional<std::string> org = {};      // none is the default org (common/core/org.h)
  auto operator<=>(const Scope&) const = default;

  // "live" of the platform, "live/acct_1" of a connected account, "live@acme" of another org.
  std::string name() const;
  // "live:cs_1", "live/acct_1:cs_1", "live@acme:inv_1". Different (scope, id) give different keys: an org's
  // name holds none of `@ / :`, and an account's id no colon.
  std::string key(std::string_view id) const;
  // Whether the key is that of the id, without making it.
  bool is_key_of(std::string_view id, std::string_view key) const noexcept;
  // The org's own of the same mode: where rows are that belong to no account, such as session payments.
  Scope of_platform() const { return {livemode, {}, org}; }
};

// The id that a row's key was made of; the whole key where it was made of none.
constexpr std::string_view id_in_key(std::string_view key) noexcept {
  const auto colon = key.find(':');
  return colon == std::string_view::npos ? key : key.substr(colon + 1);
}

}  // namespace penstock
