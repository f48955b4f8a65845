// The only file of this module that knows RapidJSON. Measured faults of its 1.1.0 that the flags
// below avoid: the default flags crash on huge exponents (numbers stay text here) and the
// recursive parser overflows the stack.
#define RAPIDJSON_HAS_STDSTRING 0
#define RAPIDJSON_SSE2
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>
#include <rapidjson/stream.h>

#include <algorithm>
#include <cstring>

#include "common/json/value.h"

namespace penstock::json {
namespace {

using detail::Node;
using detail::Tape;

bool has_surrogate(std::string_view utf8) noexcept {
  // RapidJSON encodes a lone low surrogate escape as ED A0..BF xx, which is not UTF-8.
  for (std::size_t at = utf8.find('\xED'); at != std::string_view::npos; at = utf8.find('\xED', at + 1))
    if (at + 1 < utf8.size() && static_cast<unsigned char>(utf8[at + 1]) >= 0xA0) return true;
  return false;
}

// What most texts are, told in one pass, so that their strings need not be looked at one by one.
struct Traits {
  bool ascii = true;
  bool escapes = false;
};

// Eight characters at a time: GCC 12 does not see to that at -O2.
bool is_ascii(std::string_view text) noexcept {
  std::uint64_t bits = 0, word = 0;
  for (; text.size() >= sizeof(word); text.remove_prefix(sizeof(word))) {
    std::memcpy(&word, text.data(), sizeof(word));
    bits |= word;
  }
  for (const char c : text) bits |= static_cast<unsigned char>(c);
  return (bits & 0x8080'8080'8080'8080) == 0;
}

Traits traits_of(std::string_view text) noexcept {
  return {is_ascii(text), text.find('\\') != std::string_view::npos};
}

// The reader looks at its text in blocks of 16 bytes, beyond the NUL that ends it too.
constexpr std::size_t kReadAhead = 16;
constexpr std::size_t kTextBytesMax = std::numeric_limits<std::uint32_t>::max() - kReadAhead;

class TapeBuilder {
 public:
  TapeBuilder(Tape& tape, const Limits& limits, bool escapes)
      : tape_(tape), limits_(limits), escapes_(escapes) {}

  const char* problem() const noexcept { return problem_; }

  bool Null() { return scalar(Kind::null); }
  bool Bool(bool value) {
    if (!scalar(Kind::boolean)) return false;
    tape_.nodes.back().boolean = value;
    return true;
  }
  bool RawNumber(const char* text, rapidjson::SizeType bytes, bool) {
    if (!scalar(Kind::number)) return false;
    point_at(text, bytes, tape_.nodes.back().text_at, tape_.nodes.back().text_bytes);
    return true;
  }
  bool String(const char* text, rapidjson::SizeType bytes, bool) {
    if (!acceptable({text, bytes}) || !scalar(Kind::string)) return false;
    point_at(text, bytes, tape_.nodes.back().text_at, tape_.nodes.back().text_bytes);
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType bytes, bool) {
    if (!acceptable({text, bytes})) return false;
    point_at(text, bytes, key_at_, key_bytes_);
    return true;
  }
  bool StartObject() { return open(Kind::object); }
  bool EndObject(rapidjson::SizeType) { return unique_keys(open_.back()) && close(); }
  bool StartArray() { return open(Kind::array); }
  bool EndArray(rapidjson::SizeType) { return close(); }

  // Never called with kParseNumbersAsStringsFlag.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

 private:
  bool fail(const char* problem) {
    problem_ = problem;
    return false;
  }

  bool acceptable(std::string_view text) {
    if (text.size() > limits_.string_bytes_max) return fail("string_too_long");
    if (!escapes_) return true;  // only they bring in what the reader does not refuse by itself
    if (std::memchr(text.data(), 0, text.size()) != nullptr) return fail("nul_in_string");
    if (has_surrogate(text)) return fail("invalid_utf8");
    return true;
  }

  void point_at(const char* text, std::size_t bytes, std::uint32_t& at, std::uint32_t& count) const noexcept {
    at = static_cast<std::uint32_t>(text - tape_.text.data());
    count = static_cast<std::uint32_t>(bytes);
  }

  bool scalar(Kind kind) {
    if (tape_.nodes.size() >= limits_.values_max) return fail("too_many_values");
    Node node;
    node.kind = kind;
    node.key_at = key_at_;
    node.key_bytes = key_bytes_;
    node.end = static_cast<std::uint32_t>(tape_.nodes.size() + 1);
    key_bytes_ = 0;
    if (!open_.empty()) ++tape_.nodes[open_.back()].count;
    tape_.nodes.push_back(node);
    return true;
  }

  bool open(Kind kind) {
    if (open_.size() >= limits_.depth_max) return fail("too_deep");
    if (!scalar(kind)) return false;
    open_.push_back(static_cast<std::uint32_t>(tape_.nodes.size() - 1));
    return true;
  }

  bool close() {
    tape_.nodes[open_.back()].end = static_cast<std::uint32_t>(tape_.nodes.size());
    open_.pop_back();
    return true;
  }

  std::string_view key_of(const Node& node) const {
    return std::string_view(tape_.text).substr(node.key_at, node.key_bytes);
  }

  bool unique_keys(std::uint32_t object) {
    keys_.clear();
    for (std::uint32_t at = object + 1; at < tape_.nodes.size(); at = tape_.nodes[at].end)
      keys_.push_back(key_of(tape_.nodes[at]));
    // Any order brings equal ones together, and most keys differ in length, which is cheaper to see.
    std::sort(keys_.begin(), keys_.end(), [](std::string_view a, std::string_view b) {
      return a.size() != b.size() ? a.size() < b.size() : a < b;
    });
    if (std::adjacent_find(keys_.begin(), keys_.end()) != keys_.end()) return fail("duplicate_key");
    return true;
  }

  Tape& tape_;
  const Limits& limits_;
  const bool escapes_;
  std::vector<std::uint32_t> open_;
  std::vector<std::string_view> keys_;
  std::uint32_t key_at_ = 0, key_bytes_ = 0;
  const char* problem_ = nullptr;
};

std::string_view word_for(rapidjson::ParseErrorCode code) {
  const bool encoding = code == rapidjson::kParseErrorStringInvalidEncoding ||
                        code == rapidjson::kParseErrorStringUnicodeSurrogateInvalid;
  return encoding ? "invalid_utf8" : "not_json";
}

}  // namespace

Result<Document> Document::parse(std::string_view text, const Limits& limits) {
  constexpr unsigned kFlags =
      rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
  if (text.size() > kTextBytesMax) return Error{ErrorCode::invalid, "string_too_long: the whole text"};
  auto tape = std::make_shared<Tape>();
  tape->nodes.reserve(text.size() / 24 + 8);
  tape->text.reserve(text.size() + kReadAhead);
  tape->text.append(text).append(kReadAhead, '\0');
  const Traits traits = traits_of(text);
  TapeBuilder builder(*tape, limits, traits.escapes);
  rapidjson::InsituStringStream stream(tape->text.data());
  rapidjson::Reader reader;
  const auto parsed = traits.ascii
                          ? reader.Parse<kFlags>(stream, builder)
                          : reader.Parse<kFlags | rapidjson::kParseValidateEncodingFlag>(stream, builder);
  if (parsed.IsError()) {
    std::string detail(builder.problem() != nullptr ? std::string_view(builder.problem())
                                                    : word_for(parsed.Code()));
    detail += " at byte " + std::to_string(parsed.Offset());
    if (builder.problem() == nullptr) detail.append(": ").append(rapidjson::GetParseError_En(parsed.Code()));
    return Error{ErrorCode::invalid, std::move(detail)};
  }
  // The reader takes a NUL for the end of its input.
  if (stream.Tell() != text.size())
    return Error{ErrorCode::invalid, "not_json at byte " + std::to_string(stream.Tell()) + ": NUL byte"};
  Document document;
  document.tape_ = std::move(tape);
  return document;
}

}  // namespace penstock::json
