#include "common/registry/copy.h"

#include <cstdint>
#include <cstring>

#include "common/crypto/crypto.h"
#include "common/files/files.h"

namespace penstock::registry {
namespace {

// The file: kMagic, the origin, the number of settings, each one's key and sealed text, and the SHA-256 of all that is
// before it. Numbers are 64 bits, of this machine's order; texts are preceded by their size.
constexpr std::string_view kMagic = "penstock settings 1\n";
constexpr std::size_t kDigestBytes = sizeof(crypto::Sha256Digest);
constexpr std::uintmax_t kBytesMax = std::uintmax_t{1} << 30;
constexpr std::size_t kSettingBytes = 512;  // of most, and more than that

void put_number(std::string& out, std::uint64_t value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof bytes);
}

void put_text(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out.append(text);
}

std::string digest_of(std::string_view text) {
  const auto digest = crypto::sha256(text);
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Takes a text apart from its front; `good` is false once it is shorter than it says.
struct Cursor {
  std::string_view left;
  bool good = true;

  std::string_view bytes(std::uint64_t count) {
    good = good && count <= left.size();
    if (!good) return {};
    const auto taken = left.substr(0, count);
    left.remove_prefix(count);
    return taken;
  }
  std::uint64_t number() {
    const auto taken = bytes(sizeof(std::uint64_t));
    std::uint64_t value = 0;
    if (good) std::memcpy(&value, taken.data(), sizeof value);
    return value;
  }
  std::string_view text() { return bytes(number()); }
};

}  // namespace

NewCopy::NewCopy(std::string_view origin, std::size_t settings) {
  text_.reserve(settings * kSettingBytes);
  text_.append(kMagic);
  put_text(text_, origin);
  count_at_ = text_.size();
  put_number(text_, 0);
}

void NewCopy::add(std::string_view key, std::string_view sealed) {
  put_text(text_, key);
  put_text(text_, sealed);
  ++count_;
}

Status NewCopy::write(const std::filesystem::path& file) && {
  std::memcpy(text_.data() + count_at_, &count_, sizeof count_);
  text_.append(digest_of(text_));
  return replace_file(file, text_);
}

Result<std::vector<SealedSetting>> read_copy(const std::filesystem::path& file, std::string_view origin) {
  TRY(const std::string text, read_file(file, kBytesMax));
  const auto damaged = [&] {
    return file_error(file, ErrorCode::corrupt, "is cut off, damaged or of another version");
  };
  if (text.size() < kDigestBytes) return damaged();
  const auto content = std::string_view(text).substr(0, text.size() - kDigestBytes);
  if (text.substr(content.size()) != digest_of(content)) return damaged();
  Cursor cursor{content};
  if (cursor.bytes(kMagic.size()) != kMagic) return damaged();
  if (cursor.text() != origin)
    return file_error(file, ErrorCode::invalid, "is a copy of another deployment's settings");
  std::vector<SealedSetting> settings;
  for (std::uint64_t left = cursor.number(); cursor.good && left > 0; --left) {
    const auto key = cursor.text();
    settings.push_back({std::string(key), std::string(cursor.text())});
  }
  if (!cursor.good || !cursor.left.empty()) return damaged();
  return settings;
}

}  // namespace penstock::registry
