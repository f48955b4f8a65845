// The SQL of batches, one statement a table and operation whatever the number of rows. Pure.
#pragma once

#include "common/adapters/postgres/connection.h"

namespace penstock::postgres {

enum class Operation { read, load, write };

// Names are unique: "write inbox". One description of a table's name in one process.
std::string statement_name(Operation operation, const Table& table);

// read: $1 is the array of keys. load: the same, with the rows of guarded tables locked in key order.
// write: one array a stored column; guarded tables take the number of rows last, and fail with a serialization
// failure unless all of them were as expected.
Statement make_statement(Operation operation, const Table& table);

}  // namespace penstock::postgres
