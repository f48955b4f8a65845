// Files that are whole and durable, or not there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/core/result.h"

namespace penstock {

// An open file, closed when this goes.
class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  bool is_open() const noexcept { return fd_ >= 0; }
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

// `code`, with the file and what is the matter with it; and unavailable, with what errno says. The functions below have
// their errors of the latter, and block.
Error file_error(const std::filesystem::path& file, ErrorCode code, const std::string& what);
Error file_error(const std::filesystem::path& file);

// Writes all of the text and waits until the disk has it. `file` is for messages.
Status write_durably(const Descriptor& descriptor, std::string_view text, const std::filesystem::path& file);

// Makes what was created, renamed or removed in the folder outlive a power failure.
Status sync_folder(const std::filesystem::path& folder);

// A file beside `file`, of mode 0600, that holds `text` durably; the caller renames or links it, or removes it.
Result<std::filesystem::path> write_beside(const std::filesystem::path& file, std::string_view text);

// Removes what write_beside() has left beside the file when a process was killed meanwhile. One that is being written is no
// longer there to be renamed then: its writer has an error.
void remove_leftovers(const std::filesystem::path& file);

// Puts `text` in the place of the file: mode 0600, the old or the new one whatever happens meanwhile, durable when
// this returns.
Status replace_file(const std::filesystem::path& file, std::string_view text);

// All that the file holds. Errors: not_found besides, and invalid when it is larger than `bytes_max`.
Result<std::string> read_file(const std::filesystem::path& file, std::uintmax_t bytes_max);

}  // namespace penstock
