#include "deploy/standalone/send/edit.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "common/core/check.h"
#include "common/core/utf8.h"
#include "common/json/pointer.h"
#include "common/json/writer.h"

namespace penstock::send {
namespace {

Error refuse(std::string_view pointer, std::string_view why) {
  return {ErrorCode::invalid, std::string(pointer) + ": " + std::string(why)};
}

void copy(json::Writer& out, json::Value value) { out.raw(json::indented(value)); }

// Writes a document with one of its values replaced.
class Replacement {
 public:
  Replacement(std::span<const std::string> names, std::string_view value) : names_(names), value_(value) {}

  // Why the pointer leads nowhere; nullopt when all is written.
  std::optional<std::string> write(json::Writer& out, json::Value at, std::size_t depth = 0) {
    if (depth == names_.size()) return out.raw(value_), std::nullopt;
    if (at.is_object()) return write_object(out, at, depth);
    if (at.is_array()) return write_array(out, at, depth);
    return "there is no \"" + names_[depth] + "\" in a " + std::string(to_string(at.kind()));
  }

 private:
  std::optional<std::string> write_object(json::Writer& out, json::Value object, std::size_t depth) {
    const bool known = !object[names_[depth]].absent();
    if (!known && depth + 1 < names_.size())
      return "there is no member \"" + names_[depth] + "\" to go on from";
    std::optional<std::string> problem;
    out.begin_object();
    for (json::Value v = object.first(); !v.absent(); v = object.next(v)) {
      out.key(v.key());
      if (v.key() != names_[depth])
        copy(out, v);
      else if ((problem = write(out, v, depth + 1)))
        return problem;
    }
    if (!known) out.key(names_[depth]).raw(value_);
    out.end_object();
    return std::nullopt;
  }

  std::optional<std::string> write_array(json::Writer& out, json::Value array, std::size_t depth) {
    const auto index = json::element_index(names_[depth]);
    if (!index || *index >= array.size())
      return "there is no element \"" + names_[depth] + "\" in an array of " + std::to_string(array.size());
    std::size_t number = 0;
    std::optional<std::string> problem;
    out.begin_array();
    for (json::Value v = array.first(); !v.absent(); v = array.next(v), ++number) {
      if (number != *index)
        copy(out, v);
      else if ((problem = write(out, v, depth + 1)))
        return problem;
    }
    out.end_array();
    return std::nullopt;
  }

  std::span<const std::string> names_;
  std::string_view value_;
};

// Words such as "in_transit" begin like an id too, but have no digit.
bool is_id(std::string_view text) {
  constexpr std::array<std::string_view, 9> kPrefixes{"evt_", "cs_",  "pi_", "ch_", "py_",
                                                      "dp_",  "sub_", "in_", "po_"};
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto plain = [&](char c) {
    return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](auto prefix) { return text.starts_with(prefix); }) &&
         std::any_of(text.begin(), text.end(), digit) && std::all_of(text.begin(), text.end(), plain);
}

// `own` is the event's id, which looks as its sender likes.
void write_with_new_ids(json::Writer& out, json::Value value, std::string_view own, std::string_view salt) {
  const auto text = value.string();
  if (text && (is_id(*text) || (*text == own && !own.empty()))) {
    out.string(std::string(*text).append(salt));
  } else if (value.is_object()) {
    out.begin_object();
    for (json::Value v = value.first(); !v.absent(); v = value.next(v))
      write_with_new_ids(out.key(v.key()), v, own, salt);
    out.end_object();
  } else if (value.is_array()) {
    out.begin_array();
    for (json::Value v = value.first(); !v.absent(); v = value.next(v)) write_with_new_ids(out, v, own, salt);
    out.end_array();
  } else {
    copy(out, value);
  }
}

}  // namespace

Result<Change> parse_change(std::string_view argument) {
  const auto equals = argument.find('=');
  Change change{std::string(argument.substr(0, equals)), {}};
  if (equals == std::string_view::npos) return refuse(argument, "is not POINTER=VALUE");
  if (!is_utf8(argument)) return refuse(change.pointer, "is to be set to what is no UTF-8");
  TRY_STATUS(json::parse_pointer(change.pointer));
  const auto value = argument.substr(equals + 1);
  change.value = json::Document::parse(value) ? std::string(value) : json::Writer().string(value).text();
  return change;
}

Result<json::Document> apply(const json::Document& document, const Change& change) {
  TRY(const auto names, json::parse_pointer(change.pointer));
  json::Writer out;
  if (const auto problem = Replacement(names, change.value).write(out, document.root()))
    return refuse(change.pointer, *problem);
  auto changed = json::Document::parse(out.text());
  if (!changed) return refuse(change.pointer, changed.error().detail);
  return changed;
}

json::Document with_new_ids(const json::Document& document, std::string_view salt) {
  json::Writer out;
  const json::Value root = document.root();
  write_with_new_ids(out, root, root["id"].string().value_or(""), salt);
  auto changed = json::Document::parse(out.text());
  CHECK(changed);
  return std::move(changed).value();
}

}  // namespace penstock::send
