#include "workers/runtime/pool_note.h"

#include "common/core/utf8.h"
#include "common/json/codec.h"

namespace penstock {

namespace {

constexpr std::size_t kNoteBytesMax = 512;

}  // namespace

// Escapes make a text longer than its bytes, so it is cut until it fits.
std::string to_text(const PoolNote& note) {
  std::string text = json::to_text(note);
  for (std::size_t bytes = kNoteBytesMax * 3 / 4; text.size() > kNoteBytesMax; bytes /= 2)
    text = json::to_text(PoolNote{note.state, note.since, utf8_prefix(note.error, bytes)});
  return text;
}

std::optional<PoolNote> parse_pool_note(std::string_view text) {
  const auto document = json::Document::parse(text);
  PoolNote note;
  if (!document || !json::decode(document.value().root(), note)) return std::nullopt;
  return note;
}

}  // namespace penstock
