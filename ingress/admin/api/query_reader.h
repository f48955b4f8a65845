// Reads the query of a request into values of exact type, collecting every problem. What is not asked for is
// a problem too, so that a mistyped filter never lists everything.
//
//   QueryReader in(request);
//   query.since = in.time("since");
//   if (auto refusal = in.refusal()) return *std::move(refusal);
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/time.h"
#include "common/json/codec.h"
#include "common/ports/store.h"
#include "ingress/admin/api/cursor.h"
#include "ingress/fields/field_problems.h"

namespace penstock::admin {

class QueryReader {
 public:
  // Borrows the request.
  explicit QueryReader(const http::Request& request) : request_(request) {}

  // Not there is nullopt; there and unreadable is a problem as well.
  std::optional<std::string> text(std::string_view name);
  std::optional<Timestamp> time(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  template <DescribedEnum Word>
  std::optional<Word> word(std::string_view name);

  // May be there and empty.
  std::optional<std::string> optional(std::string_view name) { return single(name); }
  std::size_t limit();  // 1 to 500, 50 when not there

  // `limit` (1 to 500, 50 when not there), `order` and `cursor` of a list. An empty cursor is none.
  void page(std::string_view list, ListQuery& query);
  // Rows whose column of that name has the value given under it, when there is one.
  void filter(std::string_view column, ListQuery& query);

  // What page() has read, where there was one.
  const std::optional<Cursor>& cursor() const noexcept { return cursor_; }
  void refuse(std::string_view name, std::string_view why) { problems_.refuse(name, why); }

  // 400 naming every problem; nullopt when there is none. Comes last, when all has been asked for.
  std::optional<http::Response> refusal();

 private:
  std::optional<std::string> single(std::string_view name);
  ListOrder order();

  const http::Request& request_;
  std::vector<std::string> known_{"org"};  // is read before any handler is asked: principal.h
  std::optional<Cursor> cursor_;
  FieldProblems problems_;
};

template <DescribedEnum Word>
std::optional<Word> QueryReader::word(std::string_view name) {
  const auto given = text(name);
  Word word{};
  if (!given) return std::nullopt;
  if (from_string(*given, word)) return word;
  problems_.refuse(name, one_of<Word>());
  return std::nullopt;
}

}  // namespace penstock::admin
