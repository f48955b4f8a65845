// CHECK(condition): always on. A failed check is a bug in Penstock, never bad
// input: it prints where and aborts.
#pragma once

namespace penstock {

[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace penstock

#define CHECK(condition)                                        \
  do {                                                          \
    if (!(condition)) [[unlikely]]                              \
      ::penstock::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
