#include "common/config/generated.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "common/crypto/crypto.h"
#include "common/files/files.h"

namespace penstock {
namespace {

std::string first_line(int fd) {
  std::array<char, 4096> buffer{};
  const ssize_t size = ::read(fd, buffer.data(), buffer.size());
  const std::string_view text(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return std::string(text.substr(0, text.find('\n')));
}

// nullopt: there is no such file.
Result<std::optional<std::string>> read_secret(const std::filesystem::path& file) {
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.is_open() && errno == ENOENT) return std::optional<std::string>{};
  struct stat status {};
  if (!descriptor.is_open() || ::fstat(descriptor.get(), &status) != 0) return file_error(file);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return file_error(file, ErrorCode::invalid, "others may read this secret; run chmod 600 on it");
  std::string value = first_line(descriptor.get());
  if (value.empty()) return file_error(file, ErrorCode::corrupt, "is empty; remove it and a new one is made");
  return std::optional<std::string>{std::move(value)};
}

// Makes `file` appear with all of its content; another process that was first wins, and that is no error.
Status create_secret(const std::filesystem::path& file, const std::string& value) {
  TRY(const auto temporary, write_beside(file, value + "\n"));
  Status linked = ok();
  if (::link(temporary.c_str(), file.c_str()) != 0 && errno != EEXIST) linked = file_error(file);
  ::unlink(temporary.c_str());
  if (!linked) return linked;
  return sync_folder(file.parent_path());
}

Status fill_master_keys(Settings& settings, const std::filesystem::path& file) {
  TRY(const auto line, read_or_create_secret(file, crypto::to_base64(crypto::random_bytes(32))));
  auto keys = parse_master_keys(line);
  if (!keys) return file_error(file, ErrorCode::invalid, keys.error().detail);
  settings.master_keys = std::move(keys).value();
  return ok();
}

std::string random_secret() { return crypto::to_hex(crypto::random_bytes(32)); }

Status check_owner(const std::filesystem::path& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return file_error(folder);
  if (!S_ISDIR(status.st_mode)) return file_error(folder, ErrorCode::invalid, "is no folder");
  if (status.st_uid != ::geteuid())
    return file_error(folder, ErrorCode::invalid,
                      "belongs to another user (" + std::to_string(status.st_uid) + "); run: chown " +
                          std::to_string(::geteuid()) + " " + folder.string());
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return file_error(folder, ErrorCode::invalid,
                      "others may write to this folder; run: chmod 700 " + folder.string());
  return ok();
}

}  // namespace

Status create_data_dir(const std::filesystem::path& folder) {
  std::error_code ec;
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), ec);
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) return file_error(folder);
  return check_owner(folder);
}

Result<std::string> read_or_create_secret(const std::filesystem::path& file, const std::string& value) {
  TRY(const auto existing, read_secret(file));
  if (existing) return *existing;
  TRY_STATUS(create_secret(file, value));
  TRY(auto created, read_secret(file));
  if (!created) return file_error(file, ErrorCode::unavailable, "was removed while it was made");
  return *std::move(created);
}

Result<GeneratedFiles> fill_from_data_dir(Settings& settings) {
  const std::filesystem::path folder = settings.data_dir;
  GeneratedFiles files;
  if (settings.master_keys.empty()) {
    files.master_key = folder / "master_key";
    TRY_STATUS(fill_master_keys(settings, files.master_key));
  }
  if (settings.stripe_webhook_secrets.empty()) {
    files.stripe_webhook_secret = folder / "stripe_webhook_secret";
    TRY(auto secret, read_or_create_secret(files.stripe_webhook_secret, "whsec_" + random_secret()));
    settings.stripe_webhook_secrets.push_back(std::move(secret));
  }
  if (settings.admin_token.empty()) {
    files.admin_token = folder / "admin_token";
    TRY(settings.admin_token, read_or_create_secret(files.admin_token, random_secret()));
  }
  return files;
}

}  // namespace penstock
