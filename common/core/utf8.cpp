#include "common/core/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace penstock {
namespace {

struct ByteRange {
  unsigned char first, last;
  bool holds(char c) const noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return first <= byte && byte <= last;
  }
};

// One row of table 3-7: the lead bytes, what may follow at once, and how many bytes a sequence has.
struct Sequence {
  ByteRange lead;
  ByteRange second;
  std::size_t bytes;
};

constexpr ByteRange kContinuation{0x80, 0xBF};
constexpr Sequence kSequences[] = {
    {{0xC2, 0xDF}, kContinuation, 2}, {{0xE0, 0xE0}, {0xA0, 0xBF}, 3},  {{0xE1, 0xEC}, kContinuation, 3},
    {{0xED, 0xED}, {0x80, 0x9F}, 3},  {{0xEE, 0xEF}, kContinuation, 3}, {{0xF0, 0xF0}, {0x90, 0xBF}, 4},
    {{0xF1, 0xF3}, kContinuation, 4}, {{0xF4, 0xF4}, {0x80, 0x8F}, 4},
};

// The length of the sequence that the text starts with; 0 when it is malformed or cut off.
std::size_t sequence_bytes(std::string_view text) noexcept {
  if (static_cast<unsigned char>(text[0]) < 0x80) return 1;
  for (const auto& row : kSequences) {
    if (!row.lead.holds(text[0])) continue;
    if (text.size() < row.bytes || !row.second.holds(text[1])) return 0;
    const auto rest = text.substr(2, row.bytes - 2);
    return std::all_of(rest.begin(), rest.end(), [](char c) { return kContinuation.holds(c); }) ? row.bytes
                                                                                                : 0;
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t bytes = sequence_bytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

bool is_printable_ascii(std::string_view text) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = kOnes * 0x80;
  // Eight characters at a time, none of which has its highest bit set: added to 1, only DEL (0x7F) sets it; less a space
  // (0x20), what is below it borrows, and the first that does shows it.
  while (text.size() >= sizeof kOnes) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, text.data(), sizeof eight);
    if ((eight & kHigh) != 0 || ((eight + kOnes) & kHigh) != 0 || ((eight - kOnes * 0x20) & kHigh) != 0)
      return false;
    text.remove_prefix(sizeof eight);
  }
  return std::all_of(text.begin(), text.end(), [](char c) { return ' ' <= c && c <= '~'; });
}

std::string utf8_prefix(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0) == 0x80) --bytes_max;
  return std::string(text.substr(0, bytes_max));
}

std::string readable_prefix(std::string_view text, std::size_t bytes_max) {
  std::string readable;
  while (!text.empty()) {
    const std::size_t bytes = text[0] == '\0' ? 0 : sequence_bytes(text);
    if (readable.size() + std::max<std::size_t>(bytes, 1) > bytes_max) break;
    if (bytes == 0)
      readable += '?';
    else
      readable.append(text.substr(0, bytes));
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return readable;
}

}  // namespace penstock
