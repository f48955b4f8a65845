// The last good copy of the settings on disk, from which a program starts while the log is away.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/result.h"

namespace penstock::registry {

// A setting as it stands in the file: sealed, as in the topic.
struct SealedSetting {
  std::string key;
  std::string sealed;
  bool operator==(const SealedSetting&) const = default;
};

// Replaces the file: it is the old one or the new one whatever happens meanwhile, readable by its owner only, and
// durable when this returns. `origin` names the deployment whose settings these are. Errors: unavailable, with the file and
// the reason. Blocks.
Status write_copy(const std::filesystem::path& file, std::string_view origin,
                  const std::vector<SealedSetting>& settings);

// Errors: not_found (there is no file), corrupt (cut off, damaged, or of another version), invalid (of another deployment),
// unavailable (it cannot be read now). Blocks.
Result<std::vector<SealedSetting>> read_copy(const std::filesystem::path& file, std::string_view origin);

}  // namespace penstock::registry
