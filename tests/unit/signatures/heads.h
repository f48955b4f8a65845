// Request heads as a verifier is given them, byte for byte: no parser has trimmed their values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/http/server/request_head.h"

namespace penstock::fakes {

using Fields = std::vector<std::pair<std::string, std::string>>;

inline http::RequestHead head_of(const Fields& fields, std::size_t body_bytes) {
  http::RequestHead head;
  const auto append = [&head](std::string_view text) {
    const http::Slice slice{static_cast<std::uint16_t>(head.text.size()),
                            static_cast<std::uint16_t>(text.size())};
    head.text += text;
    return slice;
  };
  for (const auto& [name, value] : fields) {
    const auto name_at = append(name);
    head.fields.push_back({name_at, append(value)});
  }
  head.content_length = body_bytes;
  return head;
}

}  // namespace penstock::fakes
