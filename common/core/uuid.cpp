#include "common/core/uuid.h"

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "common/core/check.h"

namespace penstock {

bool is_uuid(std::string_view text) noexcept {
  if (text.size() != 36) return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
    if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

std::string uuid_v5(std::string_view name_space, std::string_view name) {
  CHECK(is_uuid(name_space));
  const auto within = boost::uuids::string_generator()(name_space.begin(), name_space.end());
  return boost::uuids::to_string(boost::uuids::name_generator_sha1(within)(name.data(), name.size()));
}

}  // namespace penstock
