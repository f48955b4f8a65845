#include "deploy/standalone/shell.h"

#include <algorithm>

namespace penstock {

std::string shell_word(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("/._-:@%+=,").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string shell_value(const std::filesystem::path& file, std::string_view variable) {
  return file.empty() ? "$" + std::string(variable) : "$(cat " + shell_word(file.string()) + ")";
}

Address reachable(const Address& address) {
  if (address.host == "0.0.0.0") return {"127.0.0.1", address.port};
  if (address.host == "::") return {"::1", address.port};
  return address;
}

std::string admin_curl(const std::string& address, const std::string& token, const std::string& path) {
  return "curl -s -H \"Authorization: Bearer " + token + "\" " + shell_word("http://" + address + path);
}

}  // namespace penstock
