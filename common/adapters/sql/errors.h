// What an error of either database means for a batch of events: one table for both stores.
//
//   this row   ErrorCode::invalid   it follows from the values of one row: a constraint, an encoding, a
//                                   range, a size. Such an event alone may be split off its batch and parked.
//   conflict   ErrorCode::conflict  another transaction got there first: load again.
//   not now    all other codes      everything else, and whatever is not listed: the store is in trouble,
//                                   or in a state that nobody thought of. The events wait, without end.
#pragma once

#include <string_view>

#include "common/core/result.h"

namespace penstock::sql {

// By SQLSTATE: https://www.postgresql.org/docs/15/errcodes-appendix.html
ErrorCode code_of_sqlstate(std::string_view sqlstate) noexcept;

// By extended result code: https://www.sqlite.org/rescode.html
ErrorCode code_of_sqlite(int result_code) noexcept;

}  // namespace penstock::sql
