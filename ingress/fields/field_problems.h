// What is wrong with a request, field by field, as the `fields` of one 400.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/core/describe.h"
#include "common/http/server/server.h"

namespace penstock {

class FieldProblems {
 public:
  // The first reason given for a field stays.
  void refuse(std::string_view name, std::string_view why);
  // Likewise of a field within others, by its JSON pointer.
  void refuse_at(std::string_view pointer, std::string_view why) { add(std::string(pointer), why); }
  // The request is no object of fields at all.
  void refuse_whole(std::string_view why);

  // 400 `invalid_request` naming every problem (JSON pointer, RFC 6901, to why); nullopt when there is none.
  std::optional<http::Response> refusal() const;

 private:
  void add(std::string pointer, std::string_view why);

  http::NamedTexts problems_;
};

// The 400 of one problem.
http::Response refusal_of(std::string_view pointer, std::string_view why);

// What is wrong with a word that is none of these.
template <DescribedEnum Word>
std::string one_of() {
  std::string why = "must be one of:";
  for (const auto& [value, spelled] : words_of(Word{})) why.append(" ").append(spelled);
  return why;
}

}  // namespace penstock
