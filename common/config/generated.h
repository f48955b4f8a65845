// What standalone makes for itself on its first start: its data folder and the secrets nobody gave it.
#pragma once

#include <filesystem>
#include <string>

#include "common/config/settings.h"
#include "common/core/result.h"

namespace penstock {

// Creates the folder with its parents, for its owner only, unless it exists. One that is there must be ours,
// and nobody else's to write to (a sticky one neither): who can put files there can have us read them.
// Errors: invalid, with the command that mends it. Blocks.
Status create_data_dir(const std::filesystem::path& folder);

// The one line that `file` holds; when there is no such file, it is created with `value`: mode 0600, complete
// or not at all, durable before this returns, and the same for two processes that try at once. A file that
// its group or others may read is refused (invalid), as is an empty one (corrupt). Blocks.
Result<std::string> read_or_create_secret(const std::filesystem::path& file, const std::string& value);

// Where the secrets are that standalone runs with; empty for what came from the settings.
struct GeneratedFiles {
  std::filesystem::path master_key;
  std::filesystem::path stripe_webhook_secret;
  std::filesystem::path admin_token;
};

// Fills the master key, the Stripe secret and the admin token that are not set from the files master_key,
// stripe_webhook_secret and admin_token of the data folder, which must exist. Errors: as above, and invalid for a
// master_key that is none; it may hold several, as PENSTOCK_MASTER_KEY does. Blocks.
Result<GeneratedFiles> fill_from_data_dir(Settings& settings);

}  // namespace penstock
