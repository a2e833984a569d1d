// SPDX-License-Identifier: MIT
// How a claim fared over seeds, in words.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace program {

enum class outcome { holds, in_part, not_here };

inline std::string_view to_words(outcome o) {
  if (o == outcome::holds) return "holds";
  return o == outcome::in_part ? "holds in part" : "does not hold here";
}

/// Shown by every seed: holds. By more than half: in part.
inline outcome outcome_of(std::vector<bool> const& seed_shows) {
  auto const count = std::ranges::count(seed_shows, true);
  auto const seeds = std::ranges::ssize(seed_shows);
  if (count == seeds) return outcome::holds;
  return 2 * count > seeds ? outcome::in_part : outcome::not_here;
}

/// e.g. "3 of 4 seeds"
inline std::string seeds_in_words(std::vector<bool> const& seed_shows) {
  return fmt::format("{} of {} seed{}", std::ranges::count(seed_shows, true), seed_shows.size(),
                     seed_shows.size() == 1 ? "" : "s");
}

} // namespace program
