#include "common/crypto/crypto.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <thread>
#include <vector>

#include "common/crypto/hkdf.h"

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

TEST(HmacSha256, ManyKeysInTurnHaveTheCodesOfKeptOnes) {
  for (std::size_t size = 0; size < 200; ++size) {
    const std::string key(size, static_cast<char>('a' + size % 26));
    EXPECT_EQ(hmac_sha256(key, {"mess", "", "age"}), HmacSha256(key).mac({"message"})) << size;
    EXPECT_EQ(hmac_sha256(key, {}), HmacSha256(key).mac({})) << size;
  }
  EXPECT_EQ(hmac_sha256({}, {{}}), HmacSha256("").mac({""}));
}

TEST(HmacSha256, ThreadsWithKeysOfTheirOwnDoNotMeet) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&wrong, key = std::to_string(t)] {
      const auto expected = HmacSha256(key).mac({"message"});
      for (int i = 0; i < 500; ++i)
        if (hmac_sha256(key, {"message"}) != expected) ++wrong;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// FIPS 180-4 examples, as NIST publishes them.
TEST(Sha256, GivesTheDigestsOfTheStandard) {
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256({})), to_hex(sha256("")));
  EXPECT_EQ(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Cleanse, LeavesNothingOfTheSecretWhereItWas) {
  std::string secret = "a secret that is too long to be held inside";
  const char* const held_at = secret.data();
  const std::size_t size = secret.size();
  cleanse(secret);
  EXPECT_EQ(secret, "");
  ASSERT_EQ(secret.data(), held_at) << "the memory is still the string's, so it may be looked at";
  EXPECT_EQ(std::string(held_at, size), std::string(size, '\0'));
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

TEST(Hex, AMacComesBackFromEitherCase) {
  Sha256Mac mac;
  for (std::size_t i = 0; i < mac.size(); ++i) mac[i] = static_cast<unsigned char>(255 - 7 * i);
  std::string text = to_hex(mac);
  EXPECT_EQ(mac_from_hex(text), mac);
  for (char& c : text) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(mac_from_hex(text), mac);
}

TEST(Hex, NothingButSixtyFourDigitsIsAMac) {
  const std::string digits(64, 'a');
  ASSERT_NE(mac_from_hex(digits), std::nullopt);
  for (const std::string& text : {std::string(), digits.substr(1), digits + "a", digits.substr(2) + "0x",
                                  " " + digits.substr(1), digits.substr(1) + "g", digits.substr(1) + "\xe9",
                                  digits.substr(1) + std::string(1, '\0'), digits.substr(1) + "\n"})
    EXPECT_EQ(mac_from_hex(text), std::nullopt) << text;
}

TEST(Base64, AMacComesBackFromItsOneText) {
  for (int seed = 0; seed < 100; ++seed) {
    const auto mac = sha256(std::to_string(seed));
    const auto text = to_base64({reinterpret_cast<const char*>(mac.data()), mac.size()});
    ASSERT_EQ(mac_from_base64(text), mac);
    for (std::size_t at = 0; at < text.size(); ++at)
      for (const char other : {'A', '/', '=', '-', '_', ' ', '\n', '\0', '\xe9'}) {
        std::string changed = text;
        changed[at] = other;
        const auto decoded = from_base64(changed);
        const bool is_mac = decoded && decoded->size() == mac.size();
        ASSERT_EQ(mac_from_base64(changed).has_value(), is_mac) << changed;
      }
  }
}

TEST(Base64, NothingButThirtyTwoBytesIsAMac) {
  for (std::size_t size = 0; size < 70; ++size)
    EXPECT_EQ(mac_from_base64(to_base64(std::string(size, 'x'))).has_value(), size == 32) << size;
  EXPECT_EQ(mac_from_base64(std::string(44, ' ')), std::nullopt);
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

TEST(Base64Url, IsUnpaddedAndCanonical) {
  EXPECT_EQ(to_base64url("\xfb\xef\xff\xfe"), "--___g");
  EXPECT_EQ(from_base64url("--___g"), "\xfb\xef\xff\xfe");
  for (const auto* text : {"", "Zg", "Zm8", "Zm9v"}) EXPECT_EQ(to_base64url(*from_base64url(text)), text);
  for (const auto* text : {"Z", "Zh", "Zm9", "++//_g", "Zg==", "Zm 9v", "Zm9v\n"})
    EXPECT_FALSE(from_base64url(text)) << text;
}

// RFC 5869, test case 3.
TEST(HkdfSha256, GivesTheKeyOfRfc5869) {
  const auto key = hkdf_sha256(std::string(22, '\x0b'), "", 42);
  EXPECT_EQ(to_hex(key),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(HkdfSha256, AnotherPurposeIsAnotherKey) {
  EXPECT_NE(hkdf_sha256(std::string(32, 'k'), "a", 32), hkdf_sha256(std::string(32, 'k'), "b", 32));
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

// Later than any that was asked for before, in whatever order the tests run.
Timestamp later_than_all() {
  static Timestamp last = timestamp_from_unix_ms(0x0190A1B2C400);
  return last += Milliseconds{10};
}

TEST(UuidV7, OfOneMillisecondSortsByTheOrderOfTheCalls) {
  const auto now = later_than_all();
  std::vector<std::string> ids;
  for (int i = 0; i < 2'000; ++i) ids.push_back(uuid_v7(now));
  EXPECT_EQ(ids.front().substr(0, 13), ids.back().substr(0, 13));
  ids.push_back(uuid_v7(now + Milliseconds{1}));
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
}

TEST(UuidV7, AnEarlierTimeSortsEarlierAndIsNotRepeated) {
  const auto now = later_than_all();
  const auto later = uuid_v7(now);
  const auto earlier = uuid_v7(now - Milliseconds{1});
  EXPECT_LT(earlier, later);
  EXPECT_NE(earlier, uuid_v7(now - Milliseconds{1}));
}

TEST(UuidV7, MoreThanSortInOneMillisecondAreStillNotRepeated) {
  std::set<std::string> ids;
  const auto now = later_than_all();
  for (int i = 0; i < 10'000; ++i) ids.insert(uuid_v7(now));
  EXPECT_EQ(ids.size(), 10'000U);
}

}  // namespace
}  // namespace penstock::crypto
