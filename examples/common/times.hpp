// SPDX-License-Identifier: MIT
// Times as a person says them.
#pragma once

#include <fmt/format.h>

#include <string>

namespace program {

/// e.g. "40 s", "12 min", "5.3 h"
[[nodiscard]] inline std::string in_words(double seconds) {
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  return seconds < 7200 ? fmt::format("{:.0f} min", seconds / 60)
                        : fmt::format("{:.1f} h", seconds / 3600);
}

} // namespace program
