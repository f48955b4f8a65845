// Where a page of a list ended, as an opaque token. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/ports/store.h"

namespace penstock::admin {

struct Cursor {
  ListQuery::After last;  // where the page ended
  // Of several elements that share the place, the last that was on the page; empty when all were.
  std::string within = {};
  // Which of several orders of the list the place is of, a word; empty where there is but one.
  std::string way = {};
};

// base64url (RFC 4648 §5, unpadded) of the list's name, its order, its way and the place.
std::string make_cursor(std::string_view list, ListOrder order, const Cursor& cursor);

// nullopt when it is no cursor of that list and order. Its place is inclusive when elements of it are left.
std::optional<Cursor> read_cursor(std::string_view list, ListOrder order, std::string_view text);

}  // namespace penstock::admin
