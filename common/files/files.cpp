#include "common/files/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace penstock {
namespace {

constexpr std::string_view kUnique = ".XXXXXX";  // as mkostemp() has it

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Error file_error(const std::filesystem::path& file, ErrorCode code, const std::string& what) {
  return {code, file.string() + ": " + what};
}

Error file_error(const std::filesystem::path& file) {
  return file_error(file, ErrorCode::unavailable, std::strerror(errno));
}

Status write_durably(const Descriptor& descriptor, std::string_view text, const std::filesystem::path& file) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return file_error(file);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(descriptor.get()) != 0) return file_error(file);
  return ok();
}

Status sync_folder(const std::filesystem::path& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.is_open() || ::fsync(descriptor.get()) != 0) return file_error(folder);
  return ok();
}

Result<std::filesystem::path> write_beside(const std::filesystem::path& file, std::string_view text) {
  std::string temporary = file.string().append(kUnique);
  const Descriptor descriptor(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (!descriptor.is_open()) return file_error(file);
  const auto written = write_durably(descriptor, text, file);
  if (written) return std::filesystem::path(temporary);
  ::unlink(temporary.c_str());
  return written.error();
}

void remove_leftovers(const std::filesystem::path& file) {
  std::error_code error;
  const std::string begin = file.filename().string() + ".";
  for (std::filesystem::directory_iterator each(file.parent_path(), error), end; !error && each != end;
       each.increment(error)) {
    const std::string name = each->path().filename().string();
    if (name.starts_with(begin) && name.size() == begin.size() - 1 + kUnique.size())
      ::unlink(each->path().c_str());
  }
}

Status replace_file(const std::filesystem::path& file, std::string_view text) {
  TRY(const auto temporary, write_beside(file, text));
  if (::rename(temporary.c_str(), file.c_str()) != 0) {
    const Error error = file_error(file);
    ::unlink(temporary.c_str());
    return error;
  }
  return sync_folder(file.parent_path());
}

Result<std::string> read_file(const std::filesystem::path& file, std::uintmax_t bytes_max) {
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.is_open() && errno == ENOENT)
    return file_error(file, ErrorCode::not_found, "there is no such file");
  struct stat status {};
  if (!descriptor.is_open() || ::fstat(descriptor.get(), &status) != 0) return file_error(file);
  if (!S_ISREG(status.st_mode) || static_cast<std::uintmax_t>(status.st_size) > bytes_max)
    return file_error(file, ErrorCode::invalid,
                      "is no file of " + std::to_string(bytes_max) + " bytes at most");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t bytes = ::read(descriptor.get(), text.data() + filled, text.size() - filled);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return file_error(file);
    if (bytes == 0) break;  // it was cut off meanwhile
    filled += static_cast<std::size_t>(bytes);
  }
  text.resize(filled);
  return text;
}

}  // namespace penstock
