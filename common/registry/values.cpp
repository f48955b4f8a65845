#include "common/registry/values.h"

#include "common/json/codec.h"

namespace penstock::registry {
namespace {

template <class Value>
Result<Setting> decode_as(std::string_view key, json::Value root) {
  Setting setting;
  std::optional<Value> value;
  if (json::decode(root["revision"], setting.revision.value) && json::decode(root["value"], value)) {
    if (value) setting.value = *std::move(value);
    return setting;
  }
  return Error{ErrorCode::corrupt, "setting " + std::string(key) + " cannot be read"};
}

template <class... Value>
Result<Setting> decode_any(std::variant<Value...>, std::string_view key, json::Value root) {
  const auto kind = key.substr(0, key.find('/'));
  Result<Setting> decoded =
      Error{ErrorCode::invalid, "setting " + std::string(key) + " is of no kind that this version knows"};
  (void)((kind == kKindName<Value> && (decoded = decode_as<Value>(key, root), true)) || ...);
  return decoded;
}

}  // namespace

std::string encode(const Setting& setting) {
  json::Writer out;
  out.begin_object().key("revision").integer(setting.revision.value).key("value");
  if (setting.value)
    std::visit([&](const auto& known) { json::encode(out, known); }, *setting.value);
  else
    out.null();
  out.end_object();
  return std::move(out).text();
}

Result<Setting> decode(std::string_view key, std::string_view text) {
  const auto document = json::Document::parse(text, json::kOwnLimits);
  if (!document)
    return Error{ErrorCode::corrupt, "setting " + std::string(key) + ": " + document.error().detail};
  return decode_any(Values{}, key, document.value().root());
}

}  // namespace penstock::registry
