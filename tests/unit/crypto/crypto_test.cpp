#include "common/crypto/crypto.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace penstock::crypto {
namespace {

// RFC 4231 test cases 1, 2 and 6.
TEST(HmacSha256, GivesTheCodesOfRfc4231) {
  EXPECT_EQ(to_hex(HmacSha256(std::string(20, '\x0b')).mac({"Hi There"})),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(HmacSha256("Jefe").mac({"what do ya want ", "for nothing?"})),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(HmacSha256(std::string(131, '\xaa'))
                       .mac({"Test Using Larger Than Block-Size Key - Hash Key First"})),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256, EmptyKeyAndMessageAreAKeyAndAMessage) {
  EXPECT_EQ(to_hex(HmacSha256("").mac({})),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  EXPECT_EQ(HmacSha256("").mac({""}), HmacSha256(std::string_view{}).mac({std::string_view{}}));
}

TEST(HmacSha256, OneCallLeavesNothingForTheNext) {
  const HmacSha256 key("k");
  const auto first = key.mac({"a"});
  EXPECT_NE(key.mac({"b"}), first);
  EXPECT_EQ(key.mac({"a"}), first);
}

TEST(HmacSha256, ManyThreadsShareOneKey) {
  const HmacSha256 key("k");
  const auto expected = key.mac({"message"});
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 12; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i)
        if (key.mac({"mess", "age"}) != expected) ++wrong;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ConstantTimeEqual, ComparesBytesAndSizes) {
  EXPECT_TRUE(constant_time_equal("", ""));
  EXPECT_TRUE(constant_time_equal("abc", "abc"));
  EXPECT_FALSE(constant_time_equal("abc", "abd"));
  EXPECT_FALSE(constant_time_equal("abc", "abcd"));
}

TEST(Hex, SpellsEveryByteInTwoLowerCaseDigits) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  const std::string text = to_hex(bytes);
  ASSERT_EQ(text.size(), 512U);
  for (std::size_t i = 0; i < 256; ++i) EXPECT_EQ(std::stoul(text.substr(2 * i, 2), nullptr, 16), i);
  EXPECT_EQ(to_hex("\x01\xab"), "01ab");
  EXPECT_EQ(to_hex(""), "");
}

TEST(Hex, TheDigitsOfAMacAreItsText) {
  Sha256Mac mac;
  for (std::size_t i = 0; i < mac.size(); ++i) mac[i] = static_cast<unsigned char>(255 - 7 * i);
  const auto digits = hex_digits(mac);
  EXPECT_EQ(std::string(digits.data(), digits.size()), to_hex(mac));
}

TEST(Base64, GivesTheTextsOfRfc4648) {
  const std::pair<const char*, const char*> known[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : known) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64, RefusesWhatNoEncoderWrites) {
  for (const char* text :
       {"Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zm9v\n", "Zm-v", "=m9v", "Zg==Zg==", " Zg==", "Zg==\n",
        "Zg==    ", "\tZm9v", "Zm 9v", "    ", "Z=g=", "Zm9v====", "Zm9vZg="})
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
}

TEST(Base64, EveryByteComesBackAtEveryPlace) {
  for (std::size_t size = 1; size <= 5; ++size)
    for (std::size_t at = 0; at < size; ++at)
      for (int byte = 0; byte < 256; ++byte) {
        std::string bytes(size, '\xAA');
        bytes[at] = static_cast<char>(byte);
        ASSERT_EQ(from_base64(to_base64(bytes)), bytes) << size << " " << at << " " << byte;
      }
}

TEST(Base64, NoTwoTextsStandForTheSameBytes) {
  constexpr std::string_view kDigits = "AQgwBz/+";  // the first four end in four zero bits
  constexpr std::string_view kOthers("-_=\n \0\xff", 7);
  const std::string characters = std::string(kDigits).append(kOthers);
  std::set<std::string> seen;
  for (const char a : characters)
    for (const char b : characters)
      for (const char c : characters)
        for (const char d : characters)
          if (const auto bytes = from_base64(std::string{a, b, c, d})) seen.insert(*bytes);
  EXPECT_EQ(seen.size(), 8U * 8 * 8 * 8 + 8 * 8 * 4 + 8 * 4);
}

TEST(UuidV7, CarriesItsTimeVersionAndVariant) {
  const auto id = uuid_v7(timestamp_from_unix_ms(0x0190A1B2C3D4));
  ASSERT_EQ(id.size(), 36U);
  EXPECT_EQ(id.substr(0, 15), "0190a1b2-c3d4-7");
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
}

TEST(UuidV7, NeverRepeats) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(uuid_v7(timestamp_from_unix_ms(1)));
  EXPECT_EQ(ids.size(), 1000U);
}

}  // namespace
}  // namespace penstock::crypto
