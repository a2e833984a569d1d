// SPDX-License-Identifier: MIT
// Words between commas.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace program {

/// What stands between commas, in order; of a text without one the text, empty words included.
inline std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out(1);
  for (char const c : text) {
    if (c == ',')
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

} // namespace program
