#include "common/adapters/sql/errors.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

TEST(SqlErrors, WhatIsNotListedIsNeitherThisRowNorAConflict) {
  for (int code = 0; code < 0x10000; ++code) {
    const ErrorCode sqlite = sql::code_of_sqlite(code);
    const bool ours =
        code == 18 || code == 20 || (code & 0xff) == 19 || (code & 0xff) == 18 || (code & 0xff) == 20;
    if (!ours) {
      EXPECT_NE(sqlite, ErrorCode::invalid) << code;
      EXPECT_NE(sqlite, ErrorCode::conflict) << code;
    }
  }
  for (const char* state : {"", "00000", "0A000", "23000", "23001", "23503", "23P01", "22012", "2200X",
                            "2D000", "42501", "P0001", "XX000", "ZZZZZ", "99999"}) {
    const ErrorCode postgres = sql::code_of_sqlstate(state);
    EXPECT_NE(postgres, ErrorCode::invalid) << state;
    EXPECT_NE(postgres, ErrorCode::conflict) << state;
  }
}

TEST(SqlErrors, WhatFollowsFromARowsOwnValuesIsThisRow) {
  for (const char* state : {"22001", "22003", "22007", "22008", "22021", "22030", "22032", "2203G", "22P02",
                            "22P03", "22P05", "23502", "23514", "54000"})
    EXPECT_EQ(sql::code_of_sqlstate(state), ErrorCode::invalid) << state;
  for (const int code : {18, 20}) EXPECT_EQ(sql::code_of_sqlite(code), ErrorCode::invalid) << code;
  EXPECT_EQ(sql::code_of_sqlite(19 | 12 << 8), ErrorCode::invalid) << "CONSTRAINT_DATATYPE";
}

TEST(SqlErrors, WhatAnotherTransactionDidFirstIsAConflict) {
  for (const char* state : {"23505", "40001", "40P01"})
    EXPECT_EQ(sql::code_of_sqlstate(state), ErrorCode::conflict) << state;
}

TEST(SqlErrors, WhatFewerRowsMayNotRunIntoIsATimeout) {
  for (const char* state : {"25P03", "55P03", "57014"})
    EXPECT_EQ(sql::code_of_sqlstate(state), ErrorCode::timeout) << state;
}

TEST(SqlErrors, ExtendedSqliteCodesFollowTheirPrimaryOne) {
  EXPECT_EQ(sql::code_of_sqlite(11), ErrorCode::corrupt);               // CORRUPT
  EXPECT_EQ(sql::code_of_sqlite(11 | 3 << 8), ErrorCode::corrupt);      // CORRUPT_INDEX
  EXPECT_EQ(sql::code_of_sqlite(10 | 4 << 8), ErrorCode::unavailable);  // IOERR_FSYNC
  EXPECT_EQ(sql::code_of_sqlite(13), ErrorCode::unavailable);           // FULL
}

TEST(SqlErrors, OfConstraintsOnlyTheRowsOwnCountAsTheRows) {
  EXPECT_EQ(sql::code_of_sqlite(19 | 1 << 8), ErrorCode::invalid);   // CONSTRAINT_CHECK
  EXPECT_EQ(sql::code_of_sqlite(19 | 5 << 8), ErrorCode::invalid);   // CONSTRAINT_NOTNULL
  EXPECT_EQ(sql::code_of_sqlite(19 | 6 << 8), ErrorCode::conflict);  // CONSTRAINT_PRIMARYKEY
  EXPECT_EQ(sql::code_of_sqlite(19 | 8 << 8), ErrorCode::conflict);  // CONSTRAINT_UNIQUE
  EXPECT_EQ(sql::code_of_sqlite(19 | 7 << 8), ErrorCode::internal);  // CONSTRAINT_TRIGGER
  EXPECT_EQ(sql::code_of_sqlite(19 | 3 << 8), ErrorCode::internal);  // CONSTRAINT_FOREIGNKEY
  EXPECT_EQ(sql::code_of_sqlite(19), ErrorCode::internal);
}

}  // namespace
}  // namespace penstock
