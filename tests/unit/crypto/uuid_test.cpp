#include "common/core/uuid.h"

#include <gtest/gtest.h>

#include "common/crypto/crypto.h"

namespace penstock::crypto {
namespace {

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

TEST(UuidV5, ANamespaceThatIsNoUuidAborts) {
  for (const std::string_view bad :
       {"", "6ba7b810-9dad-11d1-80b4-00c04fd430c", "6ba7b810-9dad-11d1-80b4-00c04fd430c80",
        "6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
        "6ba7b8109-dad-11d1-80b4-00c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430/8"})
    EXPECT_DEATH((void)uuid_v5(bad, "a"), "") << bad;
}

}  // namespace
}  // namespace penstock::crypto
