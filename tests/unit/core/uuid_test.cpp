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

// RFC 9562, appendix A.4: www.example.com in the DNS namespace.
TEST(UuidV5, IsThatOfTheRfc) {
  EXPECT_EQ(uuid_v5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com"),
            "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(UuidV5, IsAnotherForAnotherNameOrNamespace) {
  const std::string dns = "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
                    url = "6ba7b811-9dad-11d1-80b4-00c04fd430c8";
  EXPECT_NE(uuid_v5(dns, "a"), uuid_v5(dns, "b"));
  EXPECT_NE(uuid_v5(dns, "a"), uuid_v5(url, "a"));
  EXPECT_TRUE(is_uuid(uuid_v5(dns, "")));
}

}  // namespace
}  // namespace penstock
