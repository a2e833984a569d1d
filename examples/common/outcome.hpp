// SPDX-License-Identifier: MIT
// How a statement fared over seeds, in three words with fixed meanings: what is shown with 95%
// confidence of the rate of seeds that show it, not of those that happened to be run.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace program {

enum class outcome { holds, for_most, not_established };

/// "holds", "holds for most seeds" or "not established"
std::string_view to_words(outcome o);
/// The class of the style sheet that has its colour.
std::string_view tone_of(outcome o);

/// Which seeds show a statement.
struct shown {
  std::vector<bool> by{};     ///< a seed each
  std::size_t unmeasured = 0; ///< of those that do not show it, the ones with no number to ask

  shown() = default;
  shown(std::vector<bool> seeds, std::size_t without_number = 0)
      : by(std::move(seeds)), unmeasured(without_number) {}
};

/// The rate of seeds that show a statement, and what it establishes.
struct verdict {
  std::size_t passes = 0;
  std::size_t n = 0;
  std::size_t unmeasured = 0;
  double rate = 0; ///< passes / n; NaN without seeds
  double low = 0;  ///< of the exact 90% interval: the one-sided bound of 95%, which decides
  double high = 1; ///< of the same interval
  outcome is = outcome::not_established;
};

inline constexpr double holds_above = 0.9;    ///< what `low` has to exceed; takes 29 of 29 seeds
inline constexpr double for_most_above = 0.5; ///< takes 5 of 5

/// Holds if `low` is above 0.9, for most seeds if it is above 0.5.
verdict judged(shown const& seeds);

/// e.g. "3 of 4 seeds", or "3 of 4 seeds, 1 without a number"
std::string seeds_in_words(verdict const& v);
/// e.g. "0.75 (0.25 to 0.99)"
std::string rate_in_words(verdict const& v);

/// The meaning of the three words, for reports.
inline constexpr std::string_view words_mean =
    "A statement holds if the rate of seeds that show it is above 0.9 with 95% confidence, which "
    "takes 29 of 29; it holds for most seeds if that rate is above 0.5 with 95% confidence, which "
    "takes 5 of 5; else it is not established, which does not mean that it is false. Rates stand "
    "with their exact 90% interval, whose lower end decides. A seed without the number that is "
    "asked "
    "for does not show it.";

} // namespace program
