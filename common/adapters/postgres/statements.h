// The SQL of batches, one statement a table and operation whatever the number of rows. Pure.
#pragma once

#include "common/adapters/postgres/connection.h"

namespace penstock::postgres {

// read    $1 is the array of keys
// load    the same; the rows of guarded tables are locked, in key order
// insert  one array a stored column; a known key is a unique violation, and in insert_once tables left alone
// update  the same, then the number of rows: of a guarded table, rows that are there as they were loaded.
//         A serialization failure unless all of them are
enum class Operation { read, load, load_free, insert, update };

// Names are unique: "insert inbox". One description of a table's name in one process.
std::string statement_name(Operation operation, const Table& table);
Statement make_statement(Operation operation, const Table& table);

}  // namespace penstock::postgres
