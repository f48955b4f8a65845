// How each scheme signs, as its senders do: what ingress/signatures verifies. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/core/time.h"

namespace penstock::send {

// What is to be signed.
struct Message {
  std::string_view event;  // its id; may be empty
  std::string_view body;
  Timestamp at;
};

// The header fields that carry the signature of one of scheme_names(). `secret` is a key of it, as
// check_scheme_secret() has it; aborts otherwise.
std::vector<std::pair<std::string, std::string>> sign(std::string_view scheme, std::string_view secret,
                                                      const Message& message);

}  // namespace penstock::send
