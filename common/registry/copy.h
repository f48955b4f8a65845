// The last good copy of the settings on disk, from which a program starts while the log is away.
#pragma once

#include <cstddef>
#include <cstdint>
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

// A copy in the making. `origin` names the deployment whose settings these are.
class NewCopy {
 public:
  // `settings` is about how many there will be.
  NewCopy(std::string_view origin, std::size_t settings);

  void add(std::string_view key, std::string_view sealed);

  // Replaces the file: it is the old one or the new one whatever happens meanwhile, readable by its owner only, and
  // durable when this returns. Errors: unavailable, with the file and the reason. Blocks.
  Status write(const std::filesystem::path& file) &&;

 private:
  std::string text_;
  std::size_t count_at_;  // in the text
  std::uint64_t count_ = 0;
};

// Errors: not_found (there is no file), corrupt (cut off, damaged, or of another version), invalid (of another deployment),
// unavailable (it cannot be read now). Blocks.
Result<std::vector<SealedSetting>> read_copy(const std::filesystem::path& file, std::string_view origin);

}  // namespace penstock::registry
