#include "ingress/fields/field_problems.h"

#include <algorithm>

namespace penstock {
namespace {

std::string pointer_to(std::string_view name) {
  std::string pointer = "/";
  for (const char c : name) {
    if (c == '~')
      pointer += "~0";
    else if (c == '/')
      pointer += "~1";
    else
      pointer += c;
  }
  return pointer;
}

}  // namespace

void FieldProblems::refuse(std::string_view name, std::string_view why) { add(pointer_to(name), why); }

void FieldProblems::refuse_whole(std::string_view why) { add({}, why); }

void FieldProblems::add(std::string pointer, std::string_view why) {
  const bool known = std::any_of(problems_.begin(), problems_.end(),
                                 [&](const auto& problem) { return problem.first == pointer; });
  if (!known) problems_.emplace_back(std::move(pointer), why);
}

std::optional<http::Response> FieldProblems::refusal() const {
  if (problems_.empty()) return std::nullopt;
  http::Response response = http::problem(400, "invalid_request", "the request is invalid");
  response.problem->fields = problems_;
  return response;
}

http::Response refusal_of(std::string_view pointer, std::string_view why) {
  FieldProblems problems;
  problems.refuse_at(pointer, why);
  return *problems.refusal();
}

}  // namespace penstock
