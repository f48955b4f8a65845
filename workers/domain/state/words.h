// PENSTOCK_WORDS(Enum, a, b, c): an enum class whose enumerators are spelled like the wire and the SQL value,
// with to_string and from_string.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include <boost/preprocessor/seq/for_each.hpp>
#include <boost/preprocessor/stringize.hpp>
#include <boost/preprocessor/variadic/to_seq.hpp>

#define PENSTOCK_WORD_PAIR(r, Enum, word) std::pair{Enum::word, std::string_view{BOOST_PP_STRINGIZE(word)}},
#define PENSTOCK_WORDS(Enum, ...)                                                                \
  enum class Enum { __VA_ARGS__ };                                                               \
  inline constexpr auto words_of(Enum) {                                                         \
    return std::array{                                                                           \
        BOOST_PP_SEQ_FOR_EACH(PENSTOCK_WORD_PAIR, Enum, BOOST_PP_VARIADIC_TO_SEQ(__VA_ARGS__))}; \
  }                                                                                              \
  inline constexpr std::string_view to_string(Enum value) noexcept {                             \
    for (const auto& [known, word] : words_of(value))                                            \
      if (known == value) return word;                                                           \
    return {};                                                                                   \
  }                                                                                              \
  inline constexpr bool from_string(std::string_view text, Enum& out) noexcept {                 \
    for (const auto& [known, word] : words_of(out))                                              \
      if (word == text) {                                                                        \
        out = known;                                                                             \
        return true;                                                                             \
      }                                                                                          \
    return false;                                                                                \
  }
