#include "common/core/uuid.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(IsUuid, TakesTheCanonicalFormAndNoOther) {
  for (const char* text : {"0f8fad5b-d9cb-469f-a165-70867728950e", "00000000-0000-0000-0000-000000000000",
                           "ffffffff-ffff-ffff-ffff-ffffffffffff"})
    EXPECT_TRUE(is_uuid(text)) << text;
  for (const char* text :
       {"", "0f8fad5b", "0F8FAD5B-D9CB-469F-A165-70867728950E", "0f8fad5bd9cb469fa16570867728950e",
        "{0f8fad5b-d9cb-469f-a165-70867728950e}", "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e",
        "0f8fad5b-d9cb-469f-a165-70867728950", "0f8fad5b-d9cb-469f-a165-70867728950e0",
        "0f8fad5b-d9cb-469f-a165-70867728950g", "0f8fad5b-d9cb-469f-a16-570867728950e",
        "0f8fad5b-d9cb-469f-a165 70867728950e", " 0f8fad5b-d9cb-469f-a165-70867728950"})
    EXPECT_FALSE(is_uuid(text)) << text;
}

}  // namespace
}  // namespace penstock
