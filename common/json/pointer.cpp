#include "common/json/pointer.h"

#include <algorithm>
#include <charconv>

namespace penstock::json {
namespace {

Error refuse(std::string_view pointer, std::string_view why) {
  return {ErrorCode::invalid, std::string(pointer) + ": " + std::string(why)};
}

// "~1" is '/', "~0" is '~' (RFC 6901 §4); nullopt when '~' stands before anything else.
std::optional<std::string> unescape(std::string_view token) {
  std::string name;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      name += token[i];
      continue;
    }
    if (++i == token.size() || (token[i] != '0' && token[i] != '1')) return std::nullopt;
    name += token[i] == '0' ? '~' : '/';
  }
  return name;
}

Value element(Value array, std::string_view name) noexcept {
  const auto index = element_index(name);
  if (!array.is_array() || !index || *index >= array.size()) return {};
  Value at = array.first();
  for (std::size_t i = 0; i < *index; ++i) at = array.next(at);
  return at;
}

}  // namespace

Result<std::vector<std::string>> parse_pointer(std::string_view pointer) {
  std::vector<std::string> names;
  for (auto rest = pointer; !rest.empty();) {
    if (rest.front() != '/') return refuse(pointer, "is no JSON pointer: it begins with a slash");
    rest.remove_prefix(1);
    auto name = unescape(rest.substr(0, rest.find('/')));
    if (!name) return refuse(pointer, "is no JSON pointer: a '~' is written ~0, a '/' in a name ~1");
    names.push_back(*std::move(name));
    rest.remove_prefix(std::min(rest.find('/'), rest.size()));
  }
  return names;
}

std::optional<std::size_t> element_index(std::string_view name) noexcept {
  std::size_t index = 0;
  const char* end = name.data() + name.size();
  const auto [rest, ec] = std::from_chars(name.data(), end, index);
  if (ec != std::errc{} || rest != end || (name.size() > 1 && name.front() == '0')) return std::nullopt;
  return index;
}

Value find(Value root, std::span<const std::string> names) noexcept {
  for (const auto& name : names) root = root.is_object() ? root[name] : element(root, name);
  return root;
}

}  // namespace penstock::json
