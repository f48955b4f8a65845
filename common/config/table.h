// The one table of settings.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "common/config/settings.h"

namespace penstock {

// A set of programs.
class Programs {
 public:
  constexpr Programs() = default;
  constexpr Programs(std::initializer_list<Program> programs) {
    for (const Program program : programs) bits_ |= bit(program);
  }
  constexpr bool has(Program program) const noexcept { return (bits_ & bit(program)) != 0; }
  constexpr bool empty() const noexcept { return bits_ == 0; }

 private:
  static constexpr unsigned bit(Program program) noexcept { return 1U << static_cast<unsigned>(program); }
  unsigned bits_ = 0;
};

enum class Shown : std::uint8_t { whole, without_password, never };

struct Setting {
  std::string_view key = {};          // in the file: "section.name"
  std::string_view environment = {};  // the variable that overrides it
  std::string_view fallback = {};     // the text an absent setting stands for; empty: not set
  std::string_view example = {};      // for the default file, where there is no fallback
  std::string_view minimum = {};      // texts of the same kind; empty: no bound
  std::string_view maximum = {};
  std::string_view help = {};  // one sentence
  Programs used_by = {};
  Programs required_by = {};
  Shown shown = Shown::whole;
  std::string_view kind = {};  // what the text looks like
  // Parses the text, checks the bounds and sets the member; invalid with the
  // why, which never repeats the text.
  Status (*assign)(const Setting& row, Settings& settings, std::string_view text) = nullptr;
};

std::span<const Setting> setting_table() noexcept;

// What there are several of, each with a name that is an operator's choice. Key and variable have `<name>` and `<NAME>`
// where it stands; `setting.assign` is not used.
struct NamedSetting {
  Setting setting;
  // Likewise, for the one of that name: 1 to 32 of `a-z 0-9 _`, which begin with a letter.
  Status (*assign)(Settings& settings, const std::string& name, std::string_view text) = nullptr;
};

std::span<const NamedSetting> named_setting_table() noexcept;

}  // namespace penstock
