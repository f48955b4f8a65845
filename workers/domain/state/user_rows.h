// Users as partners and sign-ins tell of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "workers/domain/state/newest.h"
#include "workers/domain/state/row.h"
#include "workers/domain/state/table.h"

namespace penstock {

// In rising order: who is deleted stays so.
BOOST_DEFINE_ENUM_CLASS(UserStatus, active, deleted)

// Who somebody is to a sign-in provider.
struct Identity {
  std::string provider;
  std::string subject;
  auto operator<=>(const Identity&) const = default;
};
BOOST_DESCRIBE_STRUCT(Identity, (), (provider, subject))

struct UserAttributes {
  std::optional<std::string> email;
  std::optional<std::string> name;
  bool operator==(const UserAttributes&) const = default;
};
BOOST_DESCRIBE_STRUCT(UserAttributes, (), (email, name))

struct UserStanding {
  UserStatus status = UserStatus::active;
  std::vector<Identity> identities;  // sorted
  bool operator==(const UserStanding&) const = default;
};
BOOST_DESCRIBE_STRUCT(UserStanding, (), (status, identities))

struct User : OrgRow, UserAttributes, UserStanding {
  Versions versions;  // of the attributes
  bool operator==(const User&) const = default;
};
BOOST_DESCRIBE_STRUCT(User, (OrgRow, UserAttributes, UserStanding), (versions))

// What most users are.
inline constexpr std::string_view kCommonUserStatuses[] = {"active"};

template <>
struct TableName<User> {
  static constexpr ListIndex kIndexes[] = {
      {.only = kOfDefaultOrg}, {.column = "org"}, {.column = "status", .common = kCommonUserStatuses}};
  static constexpr TableTraits traits{.name = "users", .resource = "users", .indexes = kIndexes};
};

}  // namespace penstock
