// Which headers and bodies are sent. Callers may pass on what a tenant wrote, so nothing here is trusted.
#pragma once

#include "common/core/result.h"
#include "common/ports/http_sender.h"

namespace penstock::curl {

// As OutgoingRequest promises; else invalid, naming the header. Values are never repeated.
Status check_request(const OutgoingRequest& request);

// The memory that a request holds while it is under way.
std::size_t bytes_of(const OutgoingRequest& request) noexcept;

bool is_token(std::string_view text) noexcept;  // RFC 9110 section 5.6.2
std::string lower_case(std::string_view text);

}  // namespace penstock::curl
