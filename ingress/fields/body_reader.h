// Reads a JSON body into values of exact type, collecting every problem; members that
// nobody asked for are problems.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/describe.h"
#include "common/json/value.h"
#include "ingress/fields/field_problems.h"

namespace penstock {

// Ids of the provider and of ours fit into this.
inline constexpr std::size_t kIdBytesMax = 255;

class BodyReader {
 public:
  explicit BodyReader(const http::Request& request);

  // An id: 1 to 255 bytes.
  std::string id(std::string_view name);
  // Missing and null are nullopt.
  std::optional<std::string> optional_id(std::string_view name);
  std::optional<std::int64_t> optional_integer(std::string_view name);
  std::optional<bool> optional_boolean(std::string_view name);
  // Strings of 1 to `bytes_max` bytes, at least one and `count_max` at most.
  std::optional<std::vector<std::string>> optional_texts(std::string_view name, std::size_t count_max,
                                                         std::size_t bytes_max = kIdBytesMax);
  // One of 1 to `bytes_max` bytes.
  std::optional<std::string> optional_text(std::string_view name, std::size_t bytes_max);
  // A lower-case ISO code.
  std::optional<std::string> optional_currency(std::string_view name);
  template <DescribedEnum Word>
  std::optional<Word> optional_word(std::string_view name);
  // A list of 1 to `count_max` objects; absent when it is a problem.
  json::Value objects(std::string_view name, std::size_t count_max);
  // An object; absent when it is a problem.
  json::Value object(std::string_view name);
  // Is it there, and null?
  bool is_null(std::string_view name) { return member(name).is_null(); }

  void refuse_at(std::string_view pointer, std::string_view why) { problems_.refuse_at(pointer, why); }
  void refuse(std::string_view name, std::string_view why) { problems_.refuse(name, why); }

  // 415 when the body is not said to be JSON, else 400 naming every problem; nullopt
  // when there is none. Comes last.
  std::optional<http::Response> refusal();

 private:
  json::Value member(std::string_view name);
  void refuse_unknown();

  bool is_json_type_ = false;
  json::Document document_;
  std::vector<std::string> known_;
  FieldProblems problems_;
};

template <DescribedEnum Word>
std::optional<Word> BodyReader::optional_word(std::string_view name) {
  const auto given = member(name);
  if (given.missing()) return std::nullopt;
  Word word{};
  if (const auto text = given.string(); text && from_string(*text, word)) return word;
  problems_.refuse(name, one_of<Word>());
  return std::nullopt;
}

}  // namespace penstock
