#include "common/crypto/sealer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "common/crypto/crypto.h"

namespace penstock::crypto {
namespace {

using testing::HasSubstr;
using testing::Not;

using Ring = std::vector<std::string>;

constexpr std::string_view kContext = "partners/acme#secrets/0";
const std::string kOld(32, '\x01');
const std::string kNew(32, '\x02');

Sealer ring(const Ring& keys) { return Sealer(keys); }

std::string counting_key() {
  std::string key;
  for (char byte = 0; byte < 32; ++byte) key += byte;
  return key;
}

std::string opened(const Sealer& sealer, std::string_view sealed, std::string_view context = kContext) {
  const auto plain = sealer.open(sealed, context);
  return plain ? plain.value() : "error: " + plain.error().detail;
}

ErrorCode refusal(const Sealer& sealer, std::string_view sealed, std::string_view context = kContext) {
  const auto plain = sealer.open(sealed, context);
  EXPECT_FALSE(plain) << sealed;
  return plain ? ErrorCode::internal : plain.error().code;
}

TEST(Sealer, OpensWhatItSealed) {
  const auto sealer = ring({kOld});
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  for (const auto& plain : {std::string(), std::string("x"), every_byte, std::string(100'000, 'x')})
    EXPECT_EQ(opened(sealer, sealer.seal(plain, kContext)), plain);
  EXPECT_EQ(opened(sealer, sealer.seal("x", {}), {}), "x");
}

// Made with Python's cryptography and with Node's crypto: nonce d…o, what stands before it and the context as additional
// data, the key id from SHA-256 of "penstock master key id:" and the key.
TEST(Sealer, OpensWhatOthersSealedByTheSameDescription) {
  const auto sealer = ring({counting_key()});
  EXPECT_EQ(opened(sealer, "v1.3df56ab6.ZGVmZ2hpamtsbW5vP3OtAxq2PutQFjqa6A2k1xQRbjZZUjX6alus16g="),
            "whsec_hunter2");
  EXPECT_EQ(opened(sealer, "v1.3df56ab6.ZGVmZ2hpamtsbW5vI/b4ce6sp+B7MBEYiWzxuQ=="), "");
}

TEST(Sealer, ASealedTextShowsItsKeyAndNothingElse) {
  const auto sealer = ring({kOld});
  const auto sealed = sealer.seal("hunter2", kContext);
  EXPECT_TRUE(sealed.starts_with("v1." + std::string(sealer.first_key_id()) + "."));
  EXPECT_THAT(sealed, Not(HasSubstr("hunter2")));
  EXPECT_EQ(sealer.first_key_id().size(), 8U);
  EXPECT_NE(sealer.first_key_id(), ring({kNew}).first_key_id());
  EXPECT_EQ(sealer.first_key_id(), ring({kOld, kNew}).first_key_id());
}

TEST(Sealer, NoTwoSealsAreAlike) {
  const auto sealer = ring({kOld});
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(sealer.seal("same", kContext));
  EXPECT_EQ(seen.size(), 1'000U);
}

TEST(Sealer, ATextThatWasMovedToAnotherPlaceDoesNotOpen) {
  const auto sealer = ring({kOld});
  const auto sealed = sealer.seal("hunter2", kContext);
  for (const char* elsewhere :
       {"partners/acme#secrets/1", "partners/evil#secrets/0", "", "partners/acme#secrets/0 "})
    EXPECT_EQ(refusal(sealer, sealed, elsewhere), ErrorCode::corrupt) << elsewhere;
}

TEST(Sealer, AChangeOfAnyCharacterIsFound) {
  const auto sealer = ring({kOld});
  const auto sealed = sealer.seal("hunter2", kContext);
  for (std::size_t at = 0; at < sealed.size(); ++at)
    for (const char other : {'A', '0', '.', '='}) {
      if (sealed[at] == other) continue;
      std::string changed = sealed;
      changed[at] = other;
      const auto code = refusal(sealer, changed);
      EXPECT_TRUE(code == ErrorCode::corrupt || code == ErrorCode::not_found) << changed;
    }
}

TEST(Sealer, APartOfASealedTextIsNone) {
  const auto sealer = ring({kOld});
  const auto sealed = sealer.seal("hunter2", kContext);
  for (std::size_t bytes = 0; bytes < sealed.size(); ++bytes)
    EXPECT_EQ(refusal(sealer, sealed.substr(0, bytes)), ErrorCode::corrupt) << bytes;
  for (const std::string& text : {sealed + "A", sealed + "\n", "v2" + sealed.substr(2),
                                  std::string("hunter2"), "v1.0123456G." + sealed.substr(12)})
    EXPECT_EQ(refusal(sealer, text), ErrorCode::corrupt) << text;
}

TEST(Sealer, EveryKeyOfTheRingOpensAndTheFirstOneSeals) {
  const auto before = ring({kOld}).seal("hunter2", kContext);
  const auto rotating = ring({kNew, kOld});
  EXPECT_EQ(opened(rotating, before), "hunter2");
  EXPECT_FALSE(rotating.is_sealed_by_first(before));
  const auto after = rotating.seal("hunter2", kContext);
  EXPECT_TRUE(rotating.is_sealed_by_first(after));
  EXPECT_EQ(opened(ring({kNew}), after), "hunter2");
  EXPECT_FALSE(rotating.is_sealed_by_first("hunter2"));
}

TEST(Sealer, AKeyThatIsMissingIsNamed) {
  const auto sealed = ring({kOld}).seal("hunter2", kContext);
  const auto plain = ring({kNew}).open(sealed, kContext);
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.error().code, ErrorCode::not_found);
  EXPECT_THAT(plain.error().detail, HasSubstr(std::string(ring({kOld}).first_key_id())));
}

TEST(Sealer, ManyThreadsShareOneRing) {
  const auto sealer = ring({kNew, kOld});
  const auto sealed = ring({kOld}).seal("hunter2", kContext);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const auto again = sealer.seal("hunter3", kContext);
        wrong += opened(sealer, sealed) == "hunter2" ? 0 : 1;
        wrong += opened(sealer, again) == "hunter3" ? 0 : 1;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(SealerDeathTest, AKeyOfAnotherSizeIsABug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(ring({}), "empty");
  for (const std::size_t size : {0U, 16U, 31U, 33U}) EXPECT_DEATH(ring({std::string(size, 'k')}), "size");
}

}  // namespace
}  // namespace penstock::crypto
