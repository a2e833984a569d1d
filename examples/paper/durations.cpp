// SPDX-License-Identifier: MIT
// Durations for the help.
#include "paper/durations.hpp"

#include <fmt/format.h>

namespace paper {

std::string durations_in_words() {
  double all = 0, quick = 0;
  std::string each;
  for (auto const& d : durations) {
    all += d.by_default;
    quick += d.quick;
    each += fmt::format("{}{} {:.1f} ({:.1f})", each.empty() ? "" : ", ", d.name, d.by_default,
                        d.quick);
  }
  return fmt::format("Minutes on two cores: {:.0f}, {:.0f} with --quick. Of these, with --quick in "
                     "brackets: {}.",
                     all, quick, each);
}

} // namespace paper
