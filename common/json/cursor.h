// Looks through a JSON text for a few members without making anything of the rest.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::json {

class CharacterSet {
 public:
  constexpr explicit CharacterSet(std::string_view characters) {
    for (const char c : characters) has_[static_cast<unsigned char>(c)] = true;
  }
  constexpr bool has(char c) const noexcept { return has_[static_cast<unsigned char>(c)]; }

 private:
  std::array<bool, 256> has_{};
};

// The few escapes that stand for an ASCII character; nullopt for any other.
std::optional<std::string> unescape_ascii(std::string_view raw);

// A position in a JSON text, which must outlive it. Every function consumes what it is named after and is false when that is
// not there. Tolerant: of what nobody asks for only the brackets and quotes are looked at. One pass, linear in time
// and constant in memory, however deep the text is.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  // The next character that matters; NUL at the end.
  char peek() noexcept {
    const char* at = at_;
    while (at != end_ && kSpace.has(*at)) ++at;
    at_ = at;
    return at == end_ ? '\0' : *at;
  }
  bool at_end() noexcept { return peek() == '\0' && at_ == end_; }

  bool character(char expected) noexcept {
    if (peek() != expected || at_ == end_) return false;
    ++at_;
    return true;
  }
  // What stands between the quotes, as it stands there.
  bool string(std::string_view& raw) noexcept;
  bool scalar(std::string_view& text) noexcept;
  // One value of any kind, however deep.
  bool value() noexcept;
  // Likewise, as it stands there.
  bool value(std::string_view& text) noexcept;

  // An object; `member(name)` must consume the member's value.
  template <class Member>
  bool object(Member&& member) {
    if (!character('{')) return false;
    if (character('}')) return true;
    do {
      std::string_view name;
      if (!string(name)) return false;
      std::optional<std::string> unescaped;
      if (escaped_) name = unescaped.emplace(unescape_ascii(name).value_or("\\"));  // no member we know
      if (!character(':') || !member(name)) return false;
    } while (character(','));
    return character('}');
  }

  // The members of an object; a value of another kind is passed over.
  template <class Member>
  bool members(Member&& member) {
    return peek() == '{' ? object(member) : value();
  }

 private:
  static constexpr CharacterSet kSpace{" \t\r\n"};

  const char* at_;
  const char* end_;
  bool escaped_ = false;  // the string that was consumed last
};

// The value of a member as it stands there, where the object has one of that name, which is ASCII letters. For texts that
// Document::parse() takes: of any other it may be anything.
std::optional<std::string_view> member_text(std::string_view object, std::string_view name);

}  // namespace penstock::json
