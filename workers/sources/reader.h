// Reads the members of a provider's object into values of exact type. The first problem is kept, so that a
// reader is a flat list of calls and one check at the end:
//
//   Reader in(event.object());
//   facts.id = in.text("id");
//   facts.amount = in.optional_integer("amount_total");
//   if (auto problem = in.problem()) return *problem;
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/money.h"
#include "common/core/result.h"
#include "common/core/time.h"
#include "common/json/value.h"

namespace penstock {

class Reader {
 public:
  // `path` says in messages where the object stands.
  explicit Reader(json::Value object, std::string path = "data.object");

  // Required: a missing or null member is a problem.
  std::string text(std::string_view name);
  std::string id(std::string_view name);  // of 255 bytes at most
  std::int64_t integer(std::string_view name);
  Timestamp seconds(std::string_view name);
  MinorUnits amount(std::string_view name);
  std::string currency(std::string_view name);

  // Missing or null is nullopt; another kind is a problem.
  std::optional<std::string> optional_text(std::string_view name);
  // Of 255 bytes at most; empty is nullopt.
  std::optional<std::string> optional_short_text(std::string_view name);
  std::optional<std::int64_t> optional_integer(std::string_view name);
  std::optional<MinorUnits> optional_amount(std::string_view name);
  std::optional<bool> optional_boolean(std::string_view name);
  std::optional<Timestamp> optional_seconds(std::string_view name);
  // RFC 3339, or Unix seconds.
  std::optional<Timestamp> optional_time(std::string_view name);
  // An id of 255 bytes at most, or an expanded object that has one.
  std::optional<std::string> optional_reference(std::string_view name);
  // A lower-case ISO code: 3 letters.
  std::optional<std::string> optional_currency(std::string_view name);
  // Stripe metadata: an object of strings. Missing or null is empty.
  std::map<std::string, std::string> metadata();
  std::vector<std::string> texts(std::string_view name);

  // Says that a value read before makes no sense.
  void refuse(std::string_view name, std::string_view why);

  std::optional<Error> problem() const;

 private:
  json::Value member(std::string_view name, json::Kind kind);

  json::Value object_;
  std::string path_;
  std::optional<std::string> problem_;
};

}  // namespace penstock
