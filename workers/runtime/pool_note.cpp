#include "workers/runtime/pool_note.h"

#include "common/json/codec.h"

namespace penstock {

namespace {

constexpr std::size_t kNoteBytesMax = 512;

// Not in the middle of a UTF-8 character.
std::string cut(const std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace

// Escapes make a text longer than its bytes, so it is cut until it fits.
std::string to_text(const PoolNote& note) {
  std::string text = json::to_text(note);
  for (std::size_t bytes = kNoteBytesMax * 3 / 4; text.size() > kNoteBytesMax; bytes /= 2)
    text = json::to_text(PoolNote{note.state, note.since, cut(note.error, bytes)});
  return text;
}

std::optional<PoolNote> parse_pool_note(std::string_view text) {
  const auto document = json::Document::parse(text);
  PoolNote note;
  if (!document || !json::decode(document.value().root(), note)) return std::nullopt;
  return note;
}

}  // namespace penstock
