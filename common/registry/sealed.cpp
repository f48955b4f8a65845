#include "common/registry/sealed.h"

namespace penstock::registry {

std::string seal_setting(const crypto::Sealer& sealer, std::string_view key, const Setting& setting) {
  return sealer.seal(encode(setting), key);
}

Result<Setting> open_setting(const crypto::Sealer& sealer, std::string_view key, std::string_view sealed) {
  TRY(const std::string text, sealer.open(sealed, key));
  return decode(key, text);
}

}  // namespace penstock::registry
