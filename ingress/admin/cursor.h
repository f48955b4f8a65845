// Where a page of a list ended, as an opaque token. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/ports/store.h"

namespace penstock::admin {

// base64url (RFC 4648 §5, unpadded) of the list's name and the last row's time and key.
std::string make_cursor(std::string_view list, const ListQuery::After& last);

// nullopt when it is no cursor of that list.
std::optional<ListQuery::After> read_cursor(std::string_view list, std::string_view cursor);

}  // namespace penstock::admin
