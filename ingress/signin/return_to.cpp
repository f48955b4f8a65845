#include "ingress/signin/return_to.h"

#include <algorithm>

namespace penstock {
namespace {

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_plain(char c) noexcept { return c > ' ' && c < 0x7f && c != '\\'; }

// Every '%' begins an escape, and none of what a path is cut at; an encoded '%' may hide another.
bool has_plain_escapes(std::string_view path) noexcept {
  for (auto at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 3)) {
    if (at + 2 >= path.size()) return false;
    const int high = hex_value(path[at + 1]);
    const int low = hex_value(path[at + 2]);
    const int byte = high * 16 + low;
    if (high < 0 || low < 0 || byte < 0x20 || byte == 0x7f) return false;
    if (byte == '/' || byte == '\\' || byte == '%') return false;
  }
  return true;
}

}  // namespace

bool is_local_path(std::string_view text) noexcept {
  if (text.empty() || text.size() > kReturnToBytesMax || text.front() != '/') return false;
  if (text.starts_with("//") || !std::all_of(text.begin(), text.end(), is_plain)) return false;
  return has_plain_escapes(text.substr(0, text.find_first_of("?#")));
}

}  // namespace penstock
